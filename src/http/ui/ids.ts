import { repositoryOf } from '../../domain/image/storage.ts'
import { exact, html, type Markup } from './html.ts'

/** An id with its tag set apart. Each part has a direction of its own, so that a name cannot rearrange the words around it. */
export function idMarkup(id: string): Markup {
  const repository = repositoryOf(id)
  return html`<span class="id"><bdi>${exact(repository)}</bdi><b><bdi>${exact(id.slice(repository.length))}</bdi></b></span>`
}
