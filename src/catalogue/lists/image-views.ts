import { type Architecture, inTableOrder, uniqueInTableOrder } from '../../domain/architecture.ts'
import type { BuildStatus, PendingImage } from '../../domain/build/build-status.ts'
import type { EffectiveExpectation } from '../../domain/build/rules.ts'
import type { CurrentImage, Reason, State, StateAnswer } from '../../domain/build/state.ts'
import type { ContainerRecord } from '../../domain/container/document.ts'
import { applies, type Facts, type ImageKey, pendingKey, type Verdict, wasLookedAt } from '../../domain/image/facts.ts'

/** An image as the API shows it. */
export interface ImageView {
  /** Null for the only image of a record that names no architectures. */
  architecture: Architecture | null
  url: string
  /** The digest that the client gave, otherwise that of the image's configuration; null when neither is known. */
  digest: string | null
  size: number | null
  verdict: Verdict
  /** The verdict in words. */
  summary: string | null
  /** The architecture that the bytes are for, when they agree on one. */
  proven: Architecture | null
  sha256: string | null
  config: string | null
  manifest: string | null
  status: 'present' | 'gone' | 'unreachable' | 'unknown'
  checked: string | null
  /** Where it was pulled from, with the digest that it, or its index, has there. */
  origin?: string
}

/** A pending image: it has arrived and is not published yet. */
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
  /** The architectures that the container should have. */
  expected: Architecture[]
  /** The expected architectures whose image has not arrived. */
  missing: Architecture[]
  /** Images that have arrived and will be published with the others. */
  pending: { [architecture: string]: PendingView }
  state: State
  reasons: Reason[]
  /** Null while none of its images is published. */
  revision: string | null
  fingerprint: string | null
  created: string | null
  updated: string | null
}

export function imageView(architecture: Architecture | null, { url, facts }: CurrentImage): ImageView {
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
    checked: looked?.checked ?? null,
    ...(facts?.origin !== undefined && { origin: facts.origin })
  }
}

export interface ContainerFacts {
  /** The facts about the current images in the record or the build status. */
  facts: ReadonlyMap<ImageKey, Facts>
  buildStatus: BuildStatus | undefined
  expected: EffectiveExpectation
  status: StateAnswer
}

export interface ViewInput extends ContainerFacts {
  revision: string | null
  fingerprint: string | null
  created: string | null
  updated: string | null
}

export function containerView(record: ContainerRecord, input: ViewInput): ContainerView {
  const { facts, buildStatus, expected, status, revision, fingerprint, created, updated } = input
  const images = inTableOrder(record.images.keys()).map((architecture): [string, ImageView] => [
    architecture,
    imageView(architecture, { url: record.images.get(architecture)!, facts: facts.get(architecture) })
  ])
  const waiting = buildStatus?.pending ?? new Map<Architecture, PendingImage>()
  const pending = uniqueInTableOrder(waiting.keys()).map((architecture): [string, PendingView] => {
    const { url, digest, version, since, expires } = waiting.get(architecture)!
    const found = facts.get(pendingKey(architecture))
    const { verdict = 'unverified', summary = null } = found && applies(found, { url, digest: digest ?? '' }) ? found : {}
    return [architecture, { url, digest, version, since, expires, verdict, summary }]
  })
  const { id, version = null, url = null, digest = null } = record
  const { missing, state, reasons } = status
  return {
    ...{ id, version, url, digest, images: Object.fromEntries(images) },
    ...{ expected: [...expected.architectures], missing, pending: Object.fromEntries(pending), state, reasons },
    ...{ revision, fingerprint, created, updated }
  }
}
