import { type Architecture, inTableOrder, uniqueInTableOrder } from '../../domain/architecture.ts'
import type { BuildStatus, PendingImage } from '../../domain/build/build-status.ts'
import type { EffectiveExpectation } from '../../domain/build/rules.ts'
import type { CurrentImage, StateAnswer } from '../../domain/build/state.ts'
import type { ContainerRecord } from '../../domain/container/document.ts'
import { applies, type Facts, type ImageKey, pendingKey, wasLookedAt } from '../../domain/image/facts.ts'
import type { ContainerView, ImageView, PendingImage as PendingView } from '../../schemas.ts'
import type { Reading } from '../verification/readings.ts'

export type { ContainerView, ImageView }

/** An image as the API shows it, whatever architecture it is registered for. */
export function imageView({ url, facts }: CurrentImage): Omit<ImageView, 'architecture'> {
  const looked = facts && wasLookedAt(facts) ? facts : undefined
  return {
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

interface ViewInput extends ContainerFacts, Pick<ContainerView, 'revision' | 'fingerprint' | 'created' | 'updated'> {
  /** Images of this container that are being read. */
  readings: readonly Reading[]
}

/** Leaves out a reading that has ended, which this replica may not know yet: its result is there. */
function readingOf({ facts, readings }: ViewInput, imageKey: ImageKey): Pick<ImageView, 'reading'> {
  const found = readings.find((one) => one.imageKey === imageKey && !((facts.get(imageKey)?.checked ?? '') >= one.begun))
  return found ? { reading: { read: found.read, size: found.size } } : {}
}

export function containerView(record: ContainerRecord, input: ViewInput): ContainerView {
  const { facts, buildStatus, expected, status, revision, fingerprint, created, updated } = input
  const images = inTableOrder(record.images.keys()).map((architecture): [string, ImageView] => [
    architecture,
    {
      architecture,
      ...imageView({ url: record.images.get(architecture)!, facts: facts.get(architecture) }),
      ...readingOf(input, architecture)
    }
  ])
  const waiting = buildStatus?.pending ?? new Map<Architecture, PendingImage>()
  const pending = uniqueInTableOrder(waiting.keys()).map((architecture): [string, PendingView] => {
    const { url, digest, version, since, expires } = waiting.get(architecture)!
    const found = facts.get(pendingKey(architecture))
    const { verdict = 'unverified', summary = null } = found && applies(found, { url, digest: digest ?? '' }) ? found : {}
    return [architecture, { url, digest, version, since, expires, verdict, summary, ...readingOf(input, pendingKey(architecture)) }]
  })
  const { id, version = null, url = null, digest = null } = record
  const { missing, state, reasons } = status
  return {
    ...{ id, version, url, digest, images: Object.fromEntries(images) },
    ...{ expected: [...expected.architectures], missing, pending: Object.fromEntries(pending), state, reasons },
    ...{ revision, fingerprint, created, updated }
  }
}
