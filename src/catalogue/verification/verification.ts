import type { Hash } from '../../domain/image/facts.ts'
import type { Stores } from '../../stores/document-store.ts'
import type { TaskQueue } from '../jobs/task-queue.ts'
import { createFileEvents, type DepartedTarball, type FileEvents } from './file-events.ts'
import { createFactsStore, type FactsStore } from './image-facts.ts'
import { createImageLookup } from './image-lookup.ts'
import { type RequireProof, requireProofWith } from './strict-registration.ts'
import type { ReadingParts } from './tarball-reading.ts'
import { type ImageSweep, sweepImages } from './url-sweep.ts'
import { createVerifier, type Verifier, type VerifierParts } from './verifier.ts'

/** What the bytes of images prove. All but the facts is absent where there is nowhere to keep tarballs. */
export interface Verification {
  facts: FactsStore
  verifier?: Verifier
  fileEvents?: FileEvents
  /** Looks again at the images that were looked at longest ago. */
  sweep?: ImageSweep
  /** Only where a site is strict. */
  requireProof?: RequireProof
}

export interface VerificationSettings extends Omit<ReadingParts, 'now'>, Pick<VerifierParts, 'mode' | 'leaseMs' | 'addresses'> {
  /** Whether nothing is registered that its bytes do not prove. */
  strict: boolean
  /** How long the store needs until a list shows what was just written; default not at all. */
  settleMs?: number
  /** A tarball was removed by its path, and it was the image of these containers. */
  onDeparted?(departed: DepartedTarball): void
  /** A tarball was stored or removed by its path, and the containers that name it could not be looked up. */
  onMissed?(error: unknown, key: string): void
}

export interface VerificationParts {
  stores: Pick<Stores, 'containers' | 'buildStatuses' | 'facts'>
  hash: Hash
  now: () => Date
  queue: TaskQueue
  settings: VerificationSettings | undefined
  onFailure: VerifierParts['onFailure']
}

export function createVerification({ stores, hash, now, queue, settings, onFailure }: VerificationParts): Verification {
  const imageAt = createImageLookup({ stores, hash })
  const facts = createFactsStore({ store: stores.facts, hash, imageAt })
  if (!settings) return { facts }
  const { blobs, mode, settleMs = 0, strict, onDeparted = () => {}, onMissed: onError = () => {} } = settings
  const verifier = createVerifier({ ...settings, now, imageAt, facts, queue, onFailure })
  const events = { store: stores.facts, facts, blobs, queue, now, verified: mode !== 'off', settleMs, wake: verifier.wake }
  return {
    facts,
    verifier,
    fileEvents: createFileEvents({ ...events, onDeparted, onError }),
    sweep: (options) => sweepImages({ ...settings, now, imageAt, store: stores.facts, queue }, options),
    ...(strict && { requireProof: requireProofWith({ ...settings, now }) })
  }
}
