import type { Architecture } from '../../domain/architecture.ts'
import { type CurrentImage, currentImages } from '../../domain/build/state.ts'
import { gatheredStandings, type ListedContainer } from './container-list.ts'
import type { ListsParts } from './parts.ts'
import type { Gathered, Views } from './views.ts'

/** One container with all that is known about it. */
export interface ContainerDetail extends ListedContainer {
  /** With the facts about each; the image of a record that names no architecture stands under what it is for. */
  images: ReadonlyMap<Architecture, CurrentImage>
  gathered: Gathered
}

/** Returns undefined where there is neither a record nor builds, tests or pending images. */
export async function readDetail({ changes, views }: ListsParts & { views: Views }, id: string): Promise<ContainerDetail | undefined> {
  const stored = await changes.find(id)
  const coming = stored ? undefined : await views.coming(id)
  const found = stored ?? coming
  if (!found) return undefined
  const gathered = coming?.gathered ?? (await views.gather(found.record))
  return {
    view: await views.of(found, { gathered }),
    standings: gatheredStandings(found.record, gathered),
    images: currentImages(found.record, gathered.facts),
    gathered
  }
}
