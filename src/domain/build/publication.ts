import type { Architecture } from '../architecture.ts'
import { containerFrom, type GuardOptions, imageRegistration } from '../container/container.ts'
import { type ContainerRecord, fromDocument, toDocument } from '../container/document.ts'
import type { Verdict } from '../image/facts.ts'
import { type PendingImage, uniqueInTableOrder } from './build-status.ts'
import type { Publish } from './rules.ts'

export interface PublicationInput {
  record: ContainerRecord | undefined
  pending: ReadonlyMap<Architecture, PendingImage>
  expected: readonly Architecture[]
  publish: Publish
  /** What is known of an image that waits. */
  verdictOf(architecture: Architecture): Verdict
  /** Whether its published image is about to be another one. */
  isAwaited(architecture: Architecture): boolean
  now: string
}

/** Images that are to be published together. */
export interface Publication {
  version: string
  images: ReadonlyMap<Architecture, PendingImage>
  /** They are another version than the record's, and take the place of all of it. */
  replaces: boolean
}

/**
 * What of the images that wait can be published now: those of one version with which, and with the published ones of the same version,
 * every expected architecture has one. A new version needs the whole set, and those that are built anew are waited for. Of several
 * versions the one that came last.
 */
export function publishable({ record, pending, expected, publish, verdictOf, isAwaited, now }: PublicationInput): Publication | undefined {
  const ready = [...pending].filter(
    ([architecture, { expires }]) => expires > now && (publish !== 'verified' || verdictOf(architecture) === 'match')
  )
  const versions = [...ready].sort(([, a], [, b]) => (a.since < b.since ? 1 : -1)).map(([, { version }]) => version ?? '')
  for (const version of new Set(versions)) {
    const replaces = record?.version !== version
    const images = new Map(ready.filter(([, one]) => (one.version ?? '') === version))
    const stands = (architecture: Architecture) => !replaces && record!.images.has(architecture) && !isAwaited(architecture)
    const there = (architecture: Architecture) => images.has(architecture) || stands(architecture)
    if (expected.every(there)) return { version, images, replaces }
  }
  return undefined
}

/** The document with these images published. */
export function publishedDocument(
  id: string,
  { document, publication, ...guards }: GuardOptions & { document: string | undefined; publication: Publication }
): string {
  const { version, images, replaces } = publication
  let next = replaces ? undefined : document
  for (const architecture of uniqueInTableOrder(images.keys())) {
    const { url, digest } = images.get(architecture)!
    const stored = next === undefined ? undefined : registered(fromDocument(id, next))
    const image = { id, version, digest: digest ?? stored?.digest ?? '', architecture, url }
    next = toDocument(containerFrom(imageRegistration(stored, image), { ...guards, stored: stored?.images }))
  }
  return next!
}

const registered = (record: ContainerRecord) => ({ ...record, version: record.version ?? '', digest: record.digest ?? '' })
