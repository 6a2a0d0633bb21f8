import type { Architecture } from '../architecture.ts'
import type { ContainerRecord } from '../container/document.ts'
import { type BuildStatus, maxArchitectures, withImageUpdate } from './build-status.ts'
import { currentUrls } from './state.ts'

/** The images that came into a record, by URL, or left it: null. */
export type ImageUpdates = ReadonlyMap<Architecture, string | null>

export interface RecordUpdate {
  before: ContainerRecord | undefined
  after: ContainerRecord
  /** The images that count as new even where their URL is the same. */
  brought: 'all' | readonly Architecture[]
}

/** Returns what a change of a record did to its images. */
export function imageUpdates({ before, after, brought }: RecordUpdate): ImageUpdates {
  const former = before ? currentUrls(before) : new Map<Architecture, string>()
  const images = currentUrls(after)
  const isNew = (architecture: Architecture, url: string) =>
    former.get(architecture) !== url || brought === 'all' || brought.includes(architecture)
  return new Map([
    ...[...images].filter(([architecture, url]) => isNew(architecture, url)),
    ...[...former.keys()].filter((architecture) => !images.has(architecture)).map((architecture) => [architecture, null] as const)
  ])
}

/** Notes several image updates at once; architectures beyond the bound are not noted. */
export function withImageUpdates(buildStatus: BuildStatus, { updates, now }: { updates: ImageUpdates; now: string }): BuildStatus {
  let next = buildStatus
  for (const [architecture, url] of updates) {
    if (next.arrivals.size >= maxArchitectures && !next.arrivals.has(architecture)) continue
    next = withImageUpdate(next, { architecture, url, now })
  }
  return next
}
