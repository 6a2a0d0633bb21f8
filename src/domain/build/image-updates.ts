import type { Architecture } from '../architecture.ts'
import type { ContainerRecord } from '../container/document.ts'
import { type BuildStatus, maxArchitectures, type RecordedImage, withImageUpdate } from './build-status.ts'
import { currentUrls } from './state.ts'

export type ImageUpdates = ReadonlyMap<Architecture, RecordedImage>

export interface RecordUpdate {
  before: ContainerRecord | undefined
  after: ContainerRecord
  /** The images that the caller registered, even where their URL is the same. */
  brought: 'all' | readonly Architecture[]
  /** Those of them whose content is known to be new under the URL that they had. */
  rebuilt?: readonly Architecture[] | undefined
}

/** Returns what a change of a record did to its images. */
export function imageUpdates({ before, after, brought, rebuilt = [] }: RecordUpdate): ImageUpdates {
  const former = before ? currentUrls(before) : new Map<Architecture, string>()
  const images = currentUrls(after)
  const isBuiltAnew = before?.digest !== after.digest || before?.version !== after.version
  const updates = new Map<Architecture, RecordedImage>()
  for (const [architecture, url] of images) {
    const isBrought = brought === 'all' || brought.includes(architecture)
    const isNew = former.get(architecture) !== url || rebuilt.includes(architecture) || (isBrought && isBuiltAnew)
    if (isNew || isBrought) updates.set(architecture, { url, isNew })
  }
  for (const architecture of former.keys()) {
    if (!images.has(architecture)) updates.set(architecture, { url: null, isNew: true })
  }
  return updates
}

/** Adds what a later change did; an image that was new stays so when it is registered again before anybody noted it. */
export function withLaterUpdates(updates: ImageUpdates, later: ImageUpdates): ImageUpdates {
  const joined = new Map(updates)
  for (const [architecture, { url, isNew }] of later) {
    const earlier = updates.get(architecture)
    joined.set(architecture, { url, isNew: isNew || (earlier?.url === url && earlier.isNew) })
  }
  return joined
}

/** Notes several image updates at once; architectures beyond the bound are not noted. */
export function withImageUpdates(buildStatus: BuildStatus, { updates, now }: { updates: ImageUpdates; now: string }): BuildStatus {
  let next = buildStatus
  for (const [architecture, update] of updates) {
    if (next.arrivals.size >= maxArchitectures && !next.arrivals.has(architecture)) continue
    next = withImageUpdate(next, { architecture, ...update, now })
  }
  return next
}
