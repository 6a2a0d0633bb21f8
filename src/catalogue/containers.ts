import type { Architecture } from '../domain/architecture.ts'
import { type Container, containerFrom, mergedRegistration, type Registration } from '../domain/container.ts'
import { fromDocument, toDocument } from '../domain/document.ts'
import { CatalogueError, isCatalogueError } from '../domain/errors.ts'
import { asArchitecture } from '../domain/facts.ts'
import { type Resolution, resolveImage } from '../domain/resolution.ts'
import type { DocumentStore } from '../stores/document-store.ts'
import type { FactsBook } from './facts.ts'
import type { Verification } from './verification.ts'

export interface Containers {
  /** Registers, replacing the whole record as Mozart does. Throws what containerFrom throws. */
  add(registration: Registration, options: AddOptions): Promise<Container>
  /** The document as JSON text, byte for byte, or undefined. */
  info(id: string): Promise<string | undefined>
  /** Throws container_unknown, image_missing, image_mislabelled, architecture_invalid. */
  resolve(id: string, architecture: string, options?: { force?: boolean }): Promise<{ document: string; resolution: Resolution }>
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
  /** Answer when the images that may be read were read, but not later than this. Default: at once. */
  verifyMs?: number
}

const attempts = 50

export interface ContainersOptions {
  guarded: readonly Architecture[]
  facts: FactsBook
  verification: Pick<Verification, 'registered' | 'proven'> | undefined
}

export function containerCatalogue(store: DocumentStore, { guarded, facts, verification }: ContainersOptions): Containers {
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
    async add(registration, { publicUrl, merge: laidOver, verifyMs }) {
      const container = laidOver ? await merge(registration, publicUrl) : containerFrom(registration, { publicUrl, guarded })
      if (!laidOver) await store.put(container.id, toDocument(container))
      if (!verification) return container
      const record = fromDocument(container.id, toDocument(container))
      if (verifyMs === undefined) await verification.registered(record, { publicUrl })
      else await verification.proven(record, { publicUrl, withinMs: verifyMs })
      return container
    },

    async info(id) {
      return (await store.get(id))?.document
    },

    async resolve(id, architecture, { force = false } = {}) {
      // at once, as the slots in question are known before the record is
      const slot = asArchitecture(architecture)
      const [stored, known] = await Promise.all([store.get(id), slot === null ? [] : facts.read(id, [slot, ''])])
      if (stored === undefined) throw new CatalogueError('container_unknown', `container not found: ${id}`)
      const resolution = resolveImage(fromDocument(id, stored.document), architecture, { facts: known, force })
      return { document: stored.document, resolution }
    },

    remove: (id) => store.remove(id),

    ids: () => store.ids()
  }
}
