import type { Architecture } from '../architecture.ts'
import { asFields, asList, type JsonFields } from '../json/reading.ts'

/** What reading an image's bytes proved. */
export type ProvenVerdict = 'match' | 'mislabelled' | 'mixed' | 'no-binaries' | 'unreadable'
export type Verdict = ProvenVerdict | 'unverified'

/** Returns whether the bytes do not contradict the claim: they prove it, or contain no program. */
export const supportsClaim = (verdict: Verdict): boolean => verdict === 'match' || verdict === 'no-binaries'

/** Which image: that of an architecture; '' for the `url` of a record that names none; or the pending one of an architecture. */
export type ImageKey = Architecture | '' | PendingKey
export type PendingKey = `waiting ${string}`

export const pendingKey = (architecture: Architecture): PendingKey => `waiting ${architecture}`

export const isPendingKey = (imageKey: ImageKey): imageKey is PendingKey => imageKey.startsWith('waiting ')

/** Returns the architecture that an image is registered as, or is to be; undefined where none was given. */
export function claimedArchitecture(imageKey: ImageKey): Architecture | undefined {
  if (isPendingKey(imageKey)) return imageKey.slice('waiting '.length) as Architecture
  return imageKey === '' ? undefined : imageKey
}

/** What we know about one image, apart from the record. It holds only while the record says what it said when this was learnt. */
export interface Facts {
  container: string
  imageKey: ImageKey
  url: string
  /** The record's. */
  digest: string
  verdict: Verdict
  /** The verdict in words, with paths. */
  summary: string
  /** What the programs in it are for, where they agree. */
  architecture: Architecture | null
  size: number | null
  /** Of the tarball, hexadecimal. */
  sha256: string | null
  /** The digest that the client gave when it registered the image. */
  given: string | null
  /** Digests of the image's configuration and manifest. */
  config: string | null
  manifest: string | null
  /** Where it is in our own store. */
  key: string | null
  /** As the other server said, to see whether it changed. */
  etag: string | null
  modified: string | null
  status: 'present' | 'gone' | 'unreachable'
  /** ISO 8601. */
  checked: string
  /** Who looked: `upload`, `verification`, `sweep`. */
  by: string
  /** schemas/answers/image-report.json; null when nothing was read. */
  report: Report | null
  /** Where it was pulled from, with the digest that it, or its index, has there. */
  origin?: string
  /** Of a report that is too large to be stored: what serving the image takes, as the report had it. */
  parts?: unknown
}

/** The parts of a report that are read here; the rest is kept as it is. */
export interface Report {
  images: unknown[]
  problems: unknown[]
  [more: string]: unknown
}

/** Returns the SHA-256 of a text, hexadecimal. The domain has no hash function of its own. */
export type Hash = (text: string) => string

export const factsId = ({ container, imageKey }: { container: string; imageKey: ImageKey }, hash: Hash): string =>
  hash(`${container}\n${imageKey}`)

/** What a container says of one of its images. */
export interface ImageClaim {
  url: string
  /** The record's; of a pending image its own; '' where there is none. */
  digest: string
}

/** Returns whether the key contains the digest of the bytes: other bytes would have another key. */
const namedForContent = ({ key, sha256 }: Facts): boolean =>
  (key?.startsWith('containers/') === true && sha256 !== null && key.includes(`/${sha256.slice(0, 12)}/`)) ||
  // of an image that was pushed: the key has the digest of its manifest
  key?.startsWith('oci/archives/') === true

/** Returns whether the bytes were looked for. Facts may hold only what a client said, such as a digest. */
export const wasLookedAt = ({ by }: Facts): boolean => by !== 'registration'

/**
 * Returns whether facts are about what a record says now. A foreign URL may get new bytes under the same name, and the builder then
 * registers another digest; a tarball in our own store stays the same, even when another architecture's image changes the record's digest.
 */
export const applies = (facts: Facts, now: { url: string; digest: string | undefined }): boolean =>
  facts.url === now.url && (namedForContent(facts) || facts.digest === now.digest)

/** A stored document has a lower bound than a report. */
const maxReport = 512 * 1024

function boundedReport({ report, manifest }: Pick<Facts, 'report' | 'manifest'>): Pick<Facts, 'report' | 'parts'> {
  if (report === null || JSON.stringify(report).length <= maxReport) return { report }
  const message = 'the report is too large to be stored; verify the image again to see all of it'
  const problem = { code: 'report_too_large', message, fatal: false }
  const cut = { ...report, images: [], problems: [...report.problems.slice(0, 20), problem] }
  const image = imageWith(manifest, report)
  const parts = image && { config: pick(image['config'], configParts), manifest: image['manifest'], layers: layerPartsOf(image) }
  return parts && JSON.stringify(parts).length <= maxReport ? { report: cut, parts } : { report: cut }
}

const configParts = ['digest', 'size', 'member', 'offset', 'os']
const layerParts = ['digest', 'size', 'diffId', 'unpackedSize', 'compression', 'member', 'offset']
const pick = (value: unknown, names: readonly string[]) => Object.fromEntries(names.map((name) => [name, asFields(value)?.[name]]))
const layerPartsOf = (image: JsonFields) => asList(image['layers']).map((layer) => pick(layer, layerParts))

const imageWith = (manifest: string | null, report: Report | null): JsonFields | undefined =>
  manifest === null
    ? undefined
    : asList(report?.images)
        .map(asFields)
        .find((image) => asFields(image?.['manifest'])?.['digest'] === manifest)

/** Returns the registered image as its report describes it, or the parts that are kept of a large report. */
export const registeredPart = ({ report, manifest, parts }: Pick<Facts, 'report' | 'manifest' | 'parts'>): JsonFields | undefined =>
  imageWith(manifest, report) ?? asFields(parts)

/** Returns the stored form. It holds its `id`, so that lists have an order, and calls the image key `slot`. */
export function toFactsDocument({ container, imageKey: slot, ...facts }: Facts, id: string): string {
  return JSON.stringify({ id, container, slot, ...facts, ...boundedReport(facts) })
}

/** Returns undefined for facts that cannot be understood. */
export function fromFactsDocument(document: string): Facts | undefined {
  const { id: _, slot: imageKey, ...facts } = JSON.parse(document) as Omit<Facts, 'imageKey'> & { id: string; slot: ImageKey }
  const understood = typeof facts.container === 'string' && typeof facts.url === 'string' && typeof facts.verdict === 'string'
  return understood ? { ...facts, imageKey } : undefined
}
