import { type Architecture, uniqueInTableOrder } from '../architecture.ts'
import { type Container, containerFrom, type GuardUrlOptions, imageRegistration, type StoredRegistration } from '../container/container.ts'
import { type ContainerRecord, fromDocument, toDocument } from '../container/document.ts'
import type { Verdict } from '../image/facts.ts'
import type { PendingImage } from './build-status.ts'
import type { Publish } from './rules.ts'

export interface PublicationInput {
  record: ContainerRecord | undefined
  pending: ReadonlyMap<Architecture, PendingImage>
  expected: readonly Architecture[]
  publish: Publish
  /** Of a pending image. */
  verdictOf(architecture: Architecture): Verdict
  /** Whether another image is to be expected in place of the published one. */
  isAwaited(architecture: Architecture): boolean
  now: string
}

/** Images to publish together. */
export interface Publication {
  version: string
  images: ReadonlyMap<Architecture, PendingImage>
  /** Whether they are another version than the record's, and replace all of it. */
  replaces: boolean
}

/**
 * Returns the pending images that can be published now: those of one version, the latest of several, with which every expected architecture
 * has an image of it. A new version needs the whole set, and so does an image that is being built again.
 */
export function publishable({ record, pending, expected, publish, verdictOf, isAwaited, now }: PublicationInput): Publication | undefined {
  const ready = [...pending].filter(
    ([architecture, { expires }]) => expires > now && (publish !== 'verified' || verdictOf(architecture) === 'match')
  )
  const versions = [...ready].sort(([, a], [, b]) => (a.since < b.since ? 1 : -1)).map(([, { version }]) => version ?? '')
  for (const version of new Set(versions)) {
    const replaces = record?.version !== version
    const images = new Map(ready.filter(([, one]) => (one.version ?? '') === version))
    const isCurrent = (architecture: Architecture) => !replaces && record!.images.has(architecture) && !isAwaited(architecture)
    const hasImage = (architecture: Architecture) => images.has(architecture) || isCurrent(architecture)
    if (expected.every(hasImage)) return { version, images, replaces }
  }
  return undefined
}

/** Returns the stored document, which is undefined where there is no record, with these images published. */
export function publishedDocument(
  id: string,
  { document, publication, ...guards }: GuardUrlOptions & { document: string | undefined; publication: Publication }
): string {
  const { version, images, replaces } = publication
  let stored: StoredRegistration | undefined = replaces || document === undefined ? undefined : fromDocument(id, document)
  let container: Container | undefined
  for (const architecture of uniqueInTableOrder(images.keys())) {
    const { url, digest } = images.get(architecture)!
    const image = { id, version, digest: digest ?? stored?.digest ?? '', architecture, url }
    container = containerFrom(imageRegistration(stored, image), { ...guards, stored: stored?.images })
    stored = container
  }
  return toDocument(container!)
}
