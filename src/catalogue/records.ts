import type { Architecture } from '../domain/architecture.ts'
import { type Container, containerFrom, imageRegistration, movedImage, type Registration } from '../domain/container.ts'
import { fromDocument, type Record, toDocument } from '../domain/document.ts'
import { CatalogueError, isCatalogueError } from '../domain/errors.ts'
import { imageMissing } from '../domain/resolution.ts'
import type { DocumentStore } from '../stores/document-store.ts'

/** A record as it stands, with the revision that it stands at. */
export interface Known {
  record: Record
  revision: string
}

export interface Registered {
  container: Container
  revision: string
  /** Whether the architecture had no image before. */
  created: boolean
  /** Whether the record said all this before, so that nothing was written. */
  unchanged: boolean
}

export interface ImageToRegister {
  id: string
  architecture: Architecture
  url: string
  version: string
  digest: string
  publicUrl: string
}

/** Changing one image of a record by compare-and-swap, so that several machines may each bring their own at once. */
export interface Records {
  /** Throws container_unknown. */
  read(id: string): Promise<Known>
  find(id: string): Promise<Known | undefined>
  register(image: ImageToRegister): Promise<Registered>
  /** Throws image_missing, already_exists when there is another image where it belongs. */
  move(image: { id: string; from: Architecture; to: Architecture; publicUrl: string }): Promise<Registered>
}

const attempts = 50

export function recordsOf(store: DocumentStore, { guarded }: { guarded: readonly Architecture[] }): Records {
  async function find(id: string): Promise<Known | undefined> {
    const stored = await store.get(id)
    return stored && { record: fromDocument(id, stored.document), revision: stored.revision }
  }

  async function read(id: string): Promise<Known> {
    const known = await find(id)
    if (known) return known
    throw new CatalogueError('container_unknown', `container not found: ${id}`)
  }

  /** Another's write in between is read, and the change made anew on top of it. */
  async function swap(id: string, { publicUrl, change }: { publicUrl: string; change: (known: Known | undefined) => Registration }) {
    for (let attempt = 1; ; attempt++) {
      const known = await find(id)
      const container = containerFrom(change(known), { publicUrl, guarded })
      const before = known?.record
      const same = before && sameRecord(before, container)
      if (known && same) return { container, revision: known.revision, before, unchanged: true }
      try {
        const { revision } = await store.put(id, toDocument(container), known ? { revision: known.revision } : { absent: true })
        return { container, revision, before, unchanged: false }
      } catch (error) {
        if (!isCatalogueError(error, 'revision_conflict', 'already_exists') || attempt === attempts) throw error
      }
    }
  }

  return {
    find,
    read,

    async register({ publicUrl, ...image }) {
      const change = (known: Known | undefined) => imageRegistration(known && whole(known.record), image)
      const { before, ...registered } = await swap(image.id, { publicUrl, change })
      return { ...registered, created: before?.images.has(image.architecture) !== true }
    },

    async move({ id, from, to, publicUrl }) {
      const change = (known: Known | undefined) => {
        if (!known) throw new CatalogueError('container_unknown', `container not found: ${id}`)
        const { images } = known.record
        if (!images.has(from)) throw imageMissing(known.record, { architecture: from, requested: from })
        const there = images.get(to)
        if (there !== undefined && there !== images.get(from)) {
          throw new CatalogueError('already_exists', `${id} has another image for ${to} already; remove or replace that one first`)
        }
        return movedImage(whole(known.record), { from, to })
      }
      const { before: _, ...registered } = await swap(id, { publicUrl, change })
      return { ...registered, created: true }
    }
  }
}

const whole = (record: Record) => ({ ...record, version: record.version ?? '', digest: record.digest ?? '' })

function sameRecord(record: Record, container: Container): boolean {
  const now = fromDocument(record.id, toDocument(container))
  return ['version', 'digest', 'url', 'urls'].every((name) => record.members.get(name) === now.members.get(name))
}
