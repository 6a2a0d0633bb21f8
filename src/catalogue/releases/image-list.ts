import { CatalogueError } from '../../domain/errors.ts'
import { repositoryOf } from '../../domain/image/storage.ts'
import { type ImageNamesFilter, isNamed } from '../../domain/releases/image-names.ts'
import type { DocumentStore } from '../../stores/document-store.ts'

/** Lists what the catalogue has as another builder needs it. */
export interface ImageNames {
  /** Returns repositories, sorted, each once. Throws too_large. */
  repositories(filter: ImageNamesFilter): Promise<string[]>
  /** Returns ids, sorted by repository and then by tag. Throws too_large. */
  ids(filter: ImageNamesFilter): Promise<string[]>
}

/**
 * The most names of one list, about 100 MB. All are collected and sorted before the first is sent: ids sort differently from repositories
 * (`x/a:1` comes before `x:1`), and an engine cannot sort by `_id`.
 */
const mostNames = 1_000_000

/** Reads no documents: the ids tell all that a list of names needs. */
export function createImageNames(containers: Pick<DocumentStore, 'ids' | 'refresh'>): ImageNames {
  async function found(filter: ImageNamesFilter, shown: (id: string) => string): Promise<Set<string>> {
    // what was registered a moment ago counts
    await containers.refresh()
    const names = new Set<string>()
    for await (const ids of containers.ids()) {
      for (const id of ids) if (isNamed(id, filter)) names.add(shown(id))
      if (names.size > mostNames) throw new CatalogueError('too_large', `more than ${mostNames} images match; say tag or name`)
    }
    return names
  }

  return {
    repositories: async (filter) => [...(await found(filter, repositoryOf))].sort(),
    async ids(filter) {
      const ids = [...(await found(filter, (id) => id))].map((id) => ({ id, repository: repositoryOf(id) }))
      return ids.sort((a, b) => order(a.repository, b.repository) || order(a.id, b.id)).map(({ id }) => id)
    }
  }
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
