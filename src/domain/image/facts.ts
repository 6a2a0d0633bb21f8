import { type Architecture, parseArchitecture } from '../architecture.ts'

/** What reading an image's bytes proved. */
export type ProvenVerdict = 'match' | 'mislabelled' | 'mixed' | 'no-binaries' | 'unreadable'
export type Verdict = ProvenVerdict | 'unverified'

/** What the bytes say does not speak against the claim: they prove it, or there is no program in them. */
export const supportsClaim = (verdict: Verdict): boolean => verdict === 'match' || verdict === 'no-binaries'

/**
 * Which image of a container: an architecture; '' for the `url` of a record that names none; or one that waits to be published, beside
 * the published one of that architecture.
 */
export type ImageKey = Architecture | '' | PendingKey
export type PendingKey = `waiting ${string}`

export const pendingKey = (architecture: Architecture): PendingKey => `waiting ${architecture}`

export const isPendingKey = (imageKey: ImageKey): imageKey is PendingKey => imageKey.startsWith('waiting ')

/** The architecture that an image is registered as, or is going to be; undefined where nobody said. */
export function claimedArchitecture(imageKey: ImageKey): Architecture | undefined {
  if (isPendingKey(imageKey)) return imageKey.slice('waiting '.length) as Architecture
  return imageKey === '' ? undefined : imageKey
}

/**
 * What we know about one image. It stands beside the record, not in it, and is bound to what the record said when it was learnt: facts
 * about a URL that a record no longer names are about nothing.
 */
export interface Facts {
  container: string
  imageKey: ImageKey
  url: string
  /** The record's. */
  digest: string
  verdict: Verdict
  /** The verdict in words, with paths. */
  summary: string
  /** What the bytes are for, where they agree. */
  architecture: Architecture | null
  size: number | null
  /** Of the tarball, hexadecimal. */
  sha256: string | null
  /** What who registered it said that its digest is. */
  given: string | null
  /** Digests of the image's configuration and manifest. */
  config: string | null
  manifest: string | null
  /** Where it stands in our own store. */
  key: string | null
  /** What the other side said, to see whether it changed. */
  etag: string | null
  modified: string | null
  status: 'present' | 'gone' | 'unreachable'
  /** ISO 8601. */
  checked: string
  /** Who looked: `upload`, `verification`, `sweep`. */
  by: string
  /** schemas/image-report.json; null when nothing was read. */
  report: Report | null
}

/** As much of it as is looked at here; the rest is carried along. */
export interface Report {
  images: unknown[]
  problems: unknown[]
  [more: string]: unknown
}

/** SHA-256 of a text as hexadecimal digits; the domain has no hash function of its own. */
export type Hash = (text: string) => string

/** The id of the document that holds one image's facts. */
export const factsId = ({ container, imageKey }: { container: string; imageKey: ImageKey }, hash: Hash): string =>
  hash(`${container}\n${imageKey}`)

/** What a container says of one of its images. */
export interface ImageClaim {
  url: string
  /** The record's; of a pending image its own; '' where there is none. */
  digest: string
}

/** A key that is named for its content: other bytes would stand elsewhere. */
const namedForContent = ({ key, sha256 }: Facts): boolean =>
  key?.startsWith('containers/') === true && sha256 !== null && key.includes(`/${sha256.slice(0, 12)}/`)

/** Facts may hold only what was said of an image, as its digest: nobody has looked for its bytes then. */
export const wasLookedAt = ({ by }: Facts): boolean => by !== 'registration'

/**
 * Whether facts are about what a record says now. A URL of others may get new bytes under the same name, and the builder then registers
 * another digest; a tarball in our own store stays what it is, even when another architecture's image changes the record's digest.
 */
export const applies = (facts: Facts, now: { url: string; digest: string | undefined }): boolean =>
  facts.url === now.url && (namedForContent(facts) || facts.digest === now.digest)

/** A report is bounded already; a document that is stored has a bound of its own. */
const maxReport = 512 * 1024

function boundedReport(report: Report | null): Report | null {
  if (report === null || JSON.stringify(report).length <= maxReport) return report
  const problem = { code: 'report_too_large', message: 'the report is too large to be kept; verify tells it whole', fatal: false }
  return { ...report, images: [], problems: [...report.problems.slice(0, 20), problem] }
}

/** Returns the stored form. It holds its `id`, so that lists have an order, and calls the image key `slot`. */
export function toFactsDocument({ container, imageKey: slot, ...facts }: Facts, id: string): string {
  return JSON.stringify({ id, container, slot, ...facts, report: boundedReport(facts.report) })
}

/** Undefined for what is not ours: facts that cannot be understood are as good as none. */
export function fromFactsDocument(document: string): Facts | undefined {
  const { id: _, slot: imageKey, ...facts } = JSON.parse(document) as Omit<Facts, 'imageKey'> & { id: string; slot: ImageKey }
  const understood = typeof facts.container === 'string' && typeof facts.url === 'string' && typeof facts.verdict === 'string'
  return understood ? { ...facts, imageKey } : undefined
}

/** An architecture that an inspection found, which may be any word. */
export function asArchitecture(name: string | null): Architecture | null {
  if (name === null) return null
  try {
    return parseArchitecture(name)
  } catch {
    return null
  }
}
