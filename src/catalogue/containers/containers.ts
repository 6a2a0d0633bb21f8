import { parseArchitecture } from '../../domain/architecture.ts'
import {
  type Container,
  containerFrom,
  mergedRegistration,
  type NewImage,
  parseRegistration,
  type Registration
} from '../../domain/container/container.ts'
import { type ContainerRecord, fromDocument, toDocument } from '../../domain/container/document.ts'
import { checkedRegistration } from '../../domain/container/posted-urls.ts'
import { type Resolution, type ResolveImageOptions, requestedArchitecture, resolveImage } from '../../domain/container/resolution.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import type { Cause } from '../../domain/history/entry.ts'
import type { StoredRecord } from '../records/changes.ts'
import type { ChangeContext } from '../records/image-records.ts'
import type { DemandCounts } from './demand.ts'
import type { ContainerParts } from './parts.ts'

export interface Containers {
  /** Registers a container, replacing the whole record as Mozart does. Throws what containerFrom throws. */
  add(registration: Registration, options: AddOptions): Promise<ContainerRecord>
  /** Returns the document as JSON text, byte for byte. */
  info(id: string): Promise<string | undefined>
  /** Throws architecture_invalid, container_unknown, image_missing, image_mislabelled, image_gone. */
  resolve(id: string, architecture: string, options?: ResolveImageOptions): Promise<ResolvedContainer>
  /** Returns whether there was one to remove. */
  remove(id: string, options: { cause: Cause }): Promise<boolean>
  /** Yields every id, in batches. */
  ids(): AsyncIterable<string[]>
}

interface AddOptions extends Pick<ChangeContext, 'cause' | 'publicUrl' | 'warn'> {
  /** Lay the images over the stored record's by architecture instead of replacing the record; undefined: the site's default. */
  merge: boolean | undefined
  /** Wait until the images have been read, but not for longer than this. Default: do not wait. */
  verifyMs?: number
}

interface ResolvedContainer {
  document: string
  resolution: Resolution
}

type ContainersContext = ContainerParts & { demand: DemandCounts }

export function createContainers(parts: ContainersContext): Containers {
  const { changes } = parts
  const store = parts.stores.containers
  return {
    add: (registration, options) => add(parts, { registration, ...options }),
    info: async (id) => (await store.get(id))?.document,
    resolve: (id, architecture, options) => resolve(parts, { ...options, id, name: architecture }),
    async remove(id, { cause }) {
      const { before } = await changes.write(id, { cause, to: () => undefined })
      return before !== undefined
    },
    ids: () => store.ids()
  }
}

async function add(parts: ContainersContext, request: AddOptions & { registration: Registration }): Promise<ContainerRecord> {
  const { changes, publishing, facts, verifier, requireProof } = parts
  const { registration, publicUrl, verifyMs, cause } = request
  const { id } = registration
  const merge = request.merge ?? parts.add === 'merge'
  const guards = { publicUrl, guarded: parts.guarded }
  // refuses an invalid registration without asking the store
  const posted = checkedRegistration(parseRegistration(registration), { addresses: [publicUrl, ...parts.addresses()], warn: request.warn })
  const container = containerFrom(posted, guards)
  const document = toDocument(container)
  const proofs =
    verifyMs !== undefined && requireProof ? await requireProof(fromDocument(id, document), { publicUrl, withinMs: verifyMs }) : []
  const images = merge ? imagesIn(container) : []
  if (merge && (await publishing.holds(id))) return (await publishing.bringImages({ id, publicUrl, cause, images })).record
  const to = (stored: StoredRecord | undefined) =>
    merge && stored
      ? toDocument(containerFrom(mergedRegistration(stored.record, posted), { ...guards, stored: stored.record.images }))
      : document
  // `add` is the only way in which HySDS's builders report a finished build
  const brought = merge ? images.map(({ architecture }) => architecture) : 'all'
  const { record } = (await changes.write(id, { cause, to, verbatim: true, brought })).after!
  await publishing.bundle(record, { publicUrl, cause })
  if (!verifier) return record
  for (const proof of proofs) await facts.learn({ ...proof, digest: record.digest ?? '' })
  if (verifyMs === undefined) await verifier.registered(record, { publicUrl })
  else await verifier.proven(record, { publicUrl, withinMs: verifyMs })
  return record
}

/** The images that a registration brings; that of one which names no architecture is x86_64's, as `url` is by definition. */
function imagesIn({ version, digest, url, images }: Container): NewImage[] {
  const named = images.size > 0 ? [...images] : [[parseArchitecture('amd64'), url] as const]
  return named.map(([architecture, url]) => ({ architecture, url, version, digest }))
}

type ResolveRequest = ResolveImageOptions & Record<'id' | 'name', string>

/** `name` is the architecture's, as the machine calls itself. */
async function resolve(parts: ContainersContext, { id, name, ...options }: ResolveRequest): Promise<ResolvedContainer> {
  const machine = requestedArchitecture(name)
  const { architecture } = machine
  // at once, as the keys of the facts in question are known before the record is
  const [stored, facts] = await Promise.all([parts.stores.containers.get(id), parts.facts.read(id, [architecture, ''])])
  if (stored === undefined) throw new CatalogueError('container_unknown', `container not found: ${id}`)
  const count = (answered: boolean) => parts.demand.count({ container: id, architecture, answered })
  try {
    const resolution = resolveImage(fromDocument(id, stored.document), machine, { facts, ...options })
    count(true)
    return { document: stored.document, resolution }
  } catch (error) {
    if (isCatalogueError(error, 'image_missing', 'image_mislabelled', 'image_gone')) count(false)
    throw error
  }
}
