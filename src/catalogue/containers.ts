import type { Architecture } from '../domain/architecture.ts'
import { type Container, containerFrom, mergedRegistration, type Registration } from '../domain/container.ts'
import { fromDocument, toDocument } from '../domain/document.ts'
import { CatalogueError, isCatalogueError } from '../domain/errors.ts'
import { type Resolution, resolveImage } from '../domain/resolution.ts'
import type { DocumentStore } from '../stores/document-store.ts'

export interface Containers {
  /** Registers, replacing the whole record as Mozart does. Throws what containerFrom throws. */
  add(registration: Registration, options: AddOptions): Promise<Container>
  /** The document as JSON text, byte for byte, or undefined. */
  info(id: string): Promise<string | undefined>
  /** Throws container_unknown, image_missing, architecture_invalid. */
  resolve(id: string, architecture: string): Promise<{ document: string; resolution: Resolution }>
  /** Whether there was one to remove. */
  remove(id: string): Promise<boolean>
  /** Every id, in batches. */
  ids(): AsyncIterable<string[]>
}

export interface AddOptions {
  /** Where this service is reached from outside: guard URLs begin with it. */
  publicUrl: string
  /** Lay over the stored record by architecture instead of replacing it. */
  merge: boolean
}

const attempts = 50

export function containerCatalogue(store: DocumentStore, { guarded }: { guarded: readonly Architecture[] }): Containers {
  async function merge(posted: Registration, publicUrl: string): Promise<Container> {
    for (let attempt = 1; ; attempt++) {
      const stored = await store.get(posted.id)
      const registration = stored ? mergedRegistration(fromDocument(posted.id, stored.document), posted) : posted
      const container = containerFrom(registration, { publicUrl, guarded })
      try {
        await store.put(posted.id, toDocument(container), stored ? { revision: stored.revision } : { absent: true })
        return container
      } catch (error) {
        if (!isCatalogueError(error, 'revision_conflict', 'already_exists') || attempt === attempts) throw error
      }
    }
  }

  return {
    async add(registration, { publicUrl, merge: laidOver }) {
      if (laidOver) return merge(registration, publicUrl)
      const container = containerFrom(registration, { publicUrl, guarded })
      await store.put(container.id, toDocument(container))
      return container
    },

    async info(id) {
      return (await store.get(id))?.document
    },

    async resolve(id, architecture) {
      const document = (await store.get(id))?.document
      if (document === undefined) throw new CatalogueError('container_unknown', `container not found: ${id}`)
      return { document, resolution: resolveImage(fromDocument(id, document), architecture) }
    },

    remove: (id) => store.remove(id),

    ids: () => store.ids()
  }
}
