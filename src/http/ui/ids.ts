import { repositoryOf } from '../../domain/image/storage.ts'
import { html, type Markup, nameText } from './html.ts'

/** An id with its tag set apart. Each part has a direction of its own, so that a name cannot rearrange the words around it. */
export function idMarkup(id: string): Markup {
  const repository = repositoryOf(id)
  return html`<span class="id"><bdi>${nameText(repository)}</bdi><b><bdi>${nameText(id.slice(repository.length))}</bdi></b></span>`
}
