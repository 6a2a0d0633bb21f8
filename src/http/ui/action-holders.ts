import type { Catalogue } from '../../catalogue/catalogue.ts'
import { isCatalogueError } from '../../domain/errors.ts'
import type { ActionQuestion } from './action-page.ts'
import type { ActionCall } from './action-route.ts'
import { html } from './html.ts'

/** What a channel or release that names a container means for its removal: a refusal, unless it is asked for all the same. */
export async function holdersRefusal(
  holders: Catalogue['holders'],
  { params, texts }: ActionCall
): Promise<Pick<ActionQuestion, 'refusal' | 'inputs' | 'carried'>> {
  try {
    await holders.checkUnnamed(params.id)
    return {}
  } catch (error) {
    if (!isCatalogueError(error, 'container_named')) throw error
    if (texts['force'] === 'yes') return { carried: { force: 'yes' } }
    const inputs = html`<label class="check"><input type="checkbox" name="force" value="yes"> Remove it all the same: what names it then names nothing</label>`
    return { refusal: [error.message], inputs }
  }
}
