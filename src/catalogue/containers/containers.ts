import { type Architecture, parseArchitecture } from '../../domain/architecture.ts'
import { containerFrom, mergedRegistration, type Registration } from '../../domain/container/container.ts'
import { type ContainerRecord, fromDocument, toDocument } from '../../domain/container/document.ts'
import { type Resolution, type ResolveOptions, resolveImage } from '../../domain/container/resolution.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { Cause } from '../../domain/history/entry.ts'
import { asArchitecture, type Facts } from '../../domain/image/facts.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import type { Brought, Publishing } from '../builds/publication.ts'
import type { Changes, StoredRecord } from '../records/changes.ts'
import type { FactsStore } from '../verification/image-facts.ts'
import type { Verification } from '../verification/verification.ts'

export interface Containers {
  /** Registers, replacing the whole record as Mozart does. Throws what containerFrom throws. */
  add(registration: Registration, options: AddOptions): Promise<ContainerRecord>
  /** The document as JSON text, byte for byte, or undefined. */
  info(id: string): Promise<string | undefined>
  /** Throws container_unknown, image_missing, image_mislabelled, image_gone, architecture_invalid. */
  resolve(
    id: string,
    architecture: string,
    options?: Pick<ResolveOptions, 'force' | 'evenGone'>
  ): Promise<{ document: string; resolution: Resolution }>
  /** Whether there was one to remove. */
  remove(id: string, options: { cause: Cause }): Promise<boolean>
  /** Every id, in batches. */
  ids(): AsyncIterable<string[]>
}

export interface AddOptions {
  cause: Cause
  /** Where this service is reached from outside: guard URLs begin with it. */
  publicUrl: string
  /** Lay over the stored record by architecture instead of replacing it; undefined: as the site has it. */
  merge: boolean | undefined
  /** Answer when the images that may be read were read, but not later than this. Default: at once. */
  verifyMs?: number
}

export interface ContainersOptions {
  guarded: readonly Architecture[]
  /** What add does where the request does not say. */
  add: 'replace' | 'merge'
  facts: FactsStore
  changes: Changes
  publishing: Pick<Publishing, 'holds' | 'bring' | 'bundle'>
  verification: Pick<Verification, 'registered' | 'proven'> | undefined
  /** On a strict site: reads the images of a record beforehand, and throws when one is not what it is said to be. */
  requireProof: ((record: ContainerRecord, options: { publicUrl: string; withinMs: number }) => Promise<Facts[]>) | undefined
}

export function containerCatalogue(
  store: DocumentStore,
  { guarded, add: usually, facts, changes, publishing, verification, requireProof }: ContainersOptions
): Containers {
  return {
    async add(registration, { publicUrl, merge = usually === 'merge', verifyMs, cause }) {
      const documentOf = (wanted: Registration, stored?: ContainerRecord) =>
        toDocument(containerFrom(wanted, { publicUrl, guarded, stored: stored?.images }))
      const named = () => fromDocument(registration.id, documentOf(registration))
      const proofs = verifyMs !== undefined && requireProof ? await requireProof(named(), { publicUrl, withinMs: verifyMs }) : []
      if (merge && publishing.holds(registration.id)) {
        const { record } = await publishing.bring(registration.id, { publicUrl, cause, images: imagesIn(registration, publicUrl) })
        return record
      }
      // what is wrong with it is said without asking the store
      const posted = merge ? undefined : documentOf(registration)
      const to = (known: StoredRecord | undefined) =>
        posted ?? documentOf(known ? mergedRegistration(known.record, registration) : registration, known?.record)
      // who adds has built what it names: HySDS's builders have no other word for it
      const brought = merge ? imagesIn(registration, publicUrl).map(({ architecture }) => architecture) : 'all'
      const changed = await changes.write(registration.id, { cause, to, verbatim: true, brought })
      const { record } = changed.after!
      await publishing.bundle(record, { publicUrl, cause })
      if (!verification) return record
      for (const proof of proofs) await facts.learn({ ...proof, digest: record.digest ?? '' })
      if (verifyMs === undefined) await verification.registered(record, { publicUrl })
      else await verification.proven(record, { publicUrl, withinMs: verifyMs })
      return record
    },

    async info(id) {
      return (await store.get(id))?.document
    },

    async resolve(id, architecture, options = {}) {
      // at once, as the slots in question are known before the record is
      const imageKey = asArchitecture(architecture)
      const [stored, known] = await Promise.all([store.get(id), imageKey === null ? [] : facts.read(id, [imageKey, ''])])
      if (stored === undefined) throw new CatalogueError('container_unknown', `container not found: ${id}`)
      const resolution = resolveImage(fromDocument(id, stored.document), architecture, { facts: known, ...options })
      return { document: stored.document, resolution }
    },

    async remove(id, { cause }) {
      const { before } = await changes.write(id, { cause, to: () => undefined })
      return before !== undefined
    },

    ids: () => store.ids()
  }
}

/** The images of a registration by architecture; that of one which names none is x86_64's, as `url` is by definition. */
function imagesIn(registration: Registration, publicUrl: string): Brought[] {
  const { version, digest } = registration
  const { images, url } = fromDocument(registration.id, toDocument(containerFrom(registration, { publicUrl, guarded: [] })))
  const all = images.size > 0 ? [...images] : url === undefined ? [] : [[parseArchitecture('amd64'), url] as const]
  return all.map(([architecture, url]) => ({ architecture, url, version, digest }))
}
