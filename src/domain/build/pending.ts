import type { Architecture } from '../architecture.ts'
import { imageRegistration, type NewImage } from '../container/container.ts'
import type { ContainerRecord } from '../container/document.ts'
import { type BuildStatus, hasFailed, isReportedSince, withoutPending, withPending } from './build-status.ts'

/** Whether a record says of an image all that its builder registers. */
export function isPublished(record: ContainerRecord | undefined, image: NewImage): boolean {
  if (record?.images.get(image.architecture) !== image.url || record.version !== image.version) return false
  return imageRegistration(record, { id: record.id, ...image }).digest === record.digest
}

export interface Arrival {
  images: readonly NewImage[]
  /** Those that the record has already: they need not be published, and whatever is pending in their place is dropped. */
  published: readonly Architecture[]
  /** The address of ours that the request came by. */
  via: string
  pendingMs: number
  now: string
}

/** Makes images pending. One that is pending keeps its place and time, unless a build was reported since that has not failed. */
export function withArrivedImages(buildStatus: BuildStatus, { images, published, now, ...pending }: Arrival): BuildStatus {
  let next = withoutPending(buildStatus, { architectures: published, now })
  for (const image of images) {
    if (published.includes(image.architecture) || isPending(buildStatus, image, now)) continue
    next = withPending(next, { ...image, ...pending, now })
  }
  return next
}

function isPending(buildStatus: BuildStatus, { architecture, url, version, digest }: NewImage, now: string): boolean {
  const pending = buildStatus.pending.get(architecture)
  if (pending === undefined || pending.expires <= now) return false
  const same = pending.url === url && pending.version === version && pending.digest === digest
  return same && (hasFailed(buildStatus, architecture) || !isReportedSince(buildStatus, { architecture, since: pending.since }))
}

/** What is pending, but not since when: an image that arrives again is not another one. */
export const pendingMeaning = ({ pending }: BuildStatus) =>
  [...pending].map(([architecture, { url, digest, version }]) => [architecture, url, digest, version])

/** The pending images that the record has by now. */
export const publishedPending = ({ pending }: BuildStatus, record: ContainerRecord | undefined): Architecture[] =>
  [...pending]
    .filter(([architecture, { url, version }]) => record?.images.get(architecture) === url && record.version === (version ?? ''))
    .map(([architecture]) => architecture)
