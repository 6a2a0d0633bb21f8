import { type Architecture, inTableOrder } from '../../domain/architecture.ts'
import { type BuildStatus, type PendingImage, uniqueInTableOrder } from '../../domain/build/build-status.ts'
import type { Expectation } from '../../domain/build/rules.ts'
import type { Reason, State, StateAnswer } from '../../domain/build/state.ts'
import type { ContainerRecord } from '../../domain/container/document.ts'
import { applies, type Facts, type ImageKey, pendingKey, type Verdict, wasLookedAt } from '../../domain/image/facts.ts'

/** One image as the API shows it. */
export interface ImageView {
  /** Null for the one image of a record that names no architectures. */
  architecture: Architecture | null
  url: string
  /** What who registered it said, else that of its configuration; null when neither is known. */
  digest: string | null
  size: number | null
  verdict: Verdict
  /** The verdict in words. */
  summary: string | null
  /** What the bytes are for, where they agree. */
  proven: Architecture | null
  sha256: string | null
  config: string | null
  manifest: string | null
  status: 'present' | 'gone' | 'unreachable' | 'unknown'
  checked: string | null
}

/** An image that has arrived and is not published yet. */
export interface PendingView extends Omit<PendingImage, 'via'> {
  verdict: Verdict
  summary: string | null
}

export interface ContainerView {
  id: string
  version: string | null
  url: string | null
  digest: string | null
  images: { [architecture: string]: ImageView }
  /** The architectures that it shall have. */
  expected: Architecture[]
  /** Those whose image has not arrived. */
  missing: Architecture[]
  /** Images that have arrived and wait for the others. */
  pending: { [architecture: string]: PendingView }
  state: State
  reasons: Reason[]
  /** Null while none of its images is published. */
  revision: string | null
  fingerprint: string | null
  created: string | null
  updated: string | null
}

export function imageView(architecture: Architecture | null, { url, facts }: { url: string; facts: Facts | undefined }): ImageView {
  const looked = facts && wasLookedAt(facts) ? facts : undefined
  return {
    architecture,
    url,
    digest: facts?.given ?? facts?.config ?? null,
    size: facts?.size ?? null,
    verdict: facts?.verdict ?? 'unverified',
    summary: facts?.summary || null,
    proven: facts?.architecture ?? null,
    sha256: facts?.sha256 ?? null,
    config: facts?.config ?? null,
    manifest: facts?.manifest ?? null,
    status: looked?.status ?? 'unknown',
    checked: looked?.checked ?? null
  }
}

export interface Gathered {
  known: ReadonlyMap<ImageKey, Facts>
  buildStatus: BuildStatus | undefined
  expected: Expectation
  standing: StateAnswer
  revision: string | null
  fingerprint: string | null
  created: string | null
  updated: string | null
}

export function containerView(
  record: ContainerRecord,
  { known, buildStatus, expected, standing, revision, ...more }: Gathered
): ContainerView {
  const images = inTableOrder(record.images.keys()).map((architecture): [string, ImageView] => [
    architecture,
    imageView(architecture, { url: record.images.get(architecture)!, facts: known.get(architecture) })
  ])
  const waiting = buildStatus?.pending ?? new Map<Architecture, PendingImage>()
  const pending = uniqueInTableOrder(waiting.keys()).map((architecture): [string, PendingView] => {
    const { url, digest, version, since, expires } = waiting.get(architecture)!
    const found = known.get(pendingKey(architecture))
    const { verdict = 'unverified', summary = null } = found && applies(found, { url, digest: digest ?? '' }) ? found : {}
    return [architecture, { url, digest, version, since, expires, verdict, summary }]
  })
  const { id, version = null, url = null, digest = null } = record
  const { missing, state, reasons } = standing
  return {
    ...{ id, version, url, digest, images: Object.fromEntries(images) },
    ...{ expected: [...expected.architectures], missing, pending: Object.fromEntries(pending), state, reasons },
    ...{ revision, ...more }
  }
}
