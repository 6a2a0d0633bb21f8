import type { Schemas } from '../../schemas.ts'
import { type Architecture, inTableOrder, parseArchitecture } from '../architecture.ts'
import { CatalogueError } from '../errors.ts'
import { applies, type Facts } from '../image/facts.ts'
import type { ContainerRecord } from './document.ts'

/** An architecture, and how the machine that asks for it calls itself. */
export interface RequestedArchitecture {
  architecture: Architecture
  /** Default: the architecture's own name. */
  requested?: string
}

/** Throws architecture_invalid. */
export const requestedArchitecture = (requested: string): RequestedArchitecture => ({
  architecture: parseArchitecture(requested),
  requested
})

export interface Resolution extends Omit<Schemas['resolution.json'], 'architecture'> {
  /** Null when the record names no architectures and the bytes were not read: then `url` is a fallback that nothing proves. */
  architecture: Architecture | null
}

export interface ResolveOptions extends ResolveImageOptions {
  /** Facts about the images in question; those that do not apply are ignored. */
  facts?: readonly Facts[]
}

export interface ResolveImageOptions {
  /** Return an image all the same that is proven to be for other machines, or is gone. */
  force?: boolean
  /** Return one that is gone, for a caller that looks at its status. */
  evenGone?: boolean
}

/**
 * Returns the image that a machine of this architecture can run, and never another one's: the worker would notice that only an hour
 * later, as "exec format error". Throws image_missing, image_mislabelled or image_gone.
 */
export function resolveImage(
  record: ContainerRecord,
  machine: RequestedArchitecture,
  { facts = [], force = false, evenGone = force }: ResolveOptions = {}
): Resolution {
  const { architecture, requested = architecture } = machine
  const known = (imageKey: string, url: string) =>
    facts.find((one) => one.imageKey === imageKey && applies(one, { url, digest: record.digest }))
  const url = record.images.get(architecture)
  if (url !== undefined) {
    const proven = known(architecture, url)
    if (proven?.verdict === 'mislabelled' && !force) throw mislabelled(record, architecture, proven)
    const status = statusOf(record, { architecture, proven, evenGone })
    return { architecture, requested, url, source: 'urls', verdict: proven?.verdict ?? 'unverified', ...status }
  }
  if (record.images.size === 0 && record.url !== undefined) {
    return fallback(record, { architecture, requested, url: record.url, proven: known('', record.url), force, evenGone })
  }
  throw imageMissing(record, { architecture, requested })
}

interface Fallback extends Required<RequestedArchitecture & ResolveImageOptions> {
  url: string
  proven: Facts | undefined
}

/** The one image of a record that names no architectures: anybody's, until its bytes tell whose it is. */
function fallback(record: ContainerRecord, { architecture, requested, url, proven, force, evenGone }: Fallback): Resolution {
  const status = statusOf(record, { architecture, proven, evenGone })
  const answer = { requested, url, source: 'url' as const, verdict: proven?.verdict ?? ('unverified' as const), ...status }
  if (proven === undefined || force) return { ...answer, architecture: null }
  if (proven.verdict === 'mislabelled') throw mislabelled(record, architecture, proven)
  if (proven.architecture === null || proven.verdict !== 'match') return { ...answer, architecture: null }
  if (proven.architecture === architecture) return { ...answer, architecture }
  const message = `${record.id} has no image for ${named({ architecture, requested })}; its one image is proven to be for ${proven.architecture}`
  throw new CatalogueError('image_missing', message, { details: { available: [proven.architecture] } })
}

/** That nothing answered once proves nothing: only what was looked for, and was not there, is gone. */
function statusOf(
  record: ContainerRecord,
  { architecture, proven, evenGone }: { architecture: Architecture; proven: Facts | undefined; evenGone: boolean }
): Pick<Resolution, 'status'> {
  if (proven?.status !== 'gone') return {}
  if (evenGone) return { status: 'gone' }
  const registered = proven.imageKey === '' ? 'the one image' : `the image for ${architecture}`
  const message = `${registered} of ${record.id} is gone: at ${proven.checked} there was nothing at ${proven.url}; bring it again, or verify it when it is back; force=true gives its URL all the same`
  throw new CatalogueError('image_gone', message, { details: othersOf(record, architecture) })
}

function mislabelled(record: ContainerRecord, architecture: Architecture, facts: Facts): CatalogueError {
  const { architecture: actual, summary, imageKey } = facts
  const registered = imageKey === '' ? 'the one image' : `the image for ${architecture}`
  const truth = actual === null || actual === imageKey ? '' : ` is proven to be for ${actual}:`
  const message = `${registered} of ${record.id}${truth || ' is not what it is registered as:'} ${summary}; force=true gives it all the same`
  return new CatalogueError('image_mislabelled', message, { details: othersOf(record, architecture) })
}

const othersOf = (record: ContainerRecord, architecture: Architecture) => ({
  available: architecturesOf(record).filter((other) => other !== architecture)
})

/** The architectures that a record has images for, in the table's order. */
export const architecturesOf = (record: ContainerRecord): Architecture[] => inTableOrder(record.images.keys())

const named = ({ architecture, requested = architecture }: RequestedArchitecture) =>
  `${architecture}${requested === architecture ? '' : ` (asked as ${requested})`}`

/** Returns what to throw when a record has no image for an architecture. */
export function imageMissing(record: ContainerRecord, machine: RequestedArchitecture): CatalogueError {
  const available = architecturesOf(record)
  const message = `${record.id} has no image for ${named(machine)}; it has: ${available.join(', ') || 'none'}`
  return new CatalogueError('image_missing', message, { details: { available } })
}
