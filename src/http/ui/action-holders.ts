import type { Catalogue } from '../../catalogue/catalogue.ts'
import { isCatalogueError } from '../../domain/errors.ts'
import { html, type Markup } from './html.ts'

export type HoldersAsked = Pick<Catalogue, 'holders'>

/** What a channel or release that names a container means for its removal: a refusal, unless it is asked for all the same. */
export interface HoldersRefusal {
  refusal?: string[]
  inputs?: Markup
  carried?: Record<string, string>
}

export async function holdersRefusal(
  holders: HoldersAsked['holders'],
  { id, isForced }: { id: string; isForced: boolean }
): Promise<HoldersRefusal> {
  const named = await holders.checkUnnamed(id).then(
    () => undefined,
    (error: unknown) => {
      if (isCatalogueError(error, 'container_named')) return error.message
      throw error
    }
  )
  if (named === undefined) return {}
  if (isForced) return { carried: { force: 'yes' } }
  const inputs = html`<label class="check"><input type="checkbox" name="force" value="yes"> Remove it all the same: what names it then names nothing</label>`
  return { refusal: [named], inputs }
}
