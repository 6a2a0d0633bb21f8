import type { Hash } from '../../domain/image/facts.ts'
import type { Stores } from '../../stores/document-store.ts'
import type { TaskQueue } from '../jobs/task-queue.ts'
import { createFileEvents, type FileEvents } from './file-events.ts'
import { createFactsStore, createImageLookup, type FactsStore } from './image-facts.ts'
import type { VerificationSettings } from './parts.ts'
import { createReadingList, type ListReadings } from './readings.ts'
import { type RequireProof, requireProofWith } from './strict-registration.ts'
import { type ImageSweep, sweepImages } from './url-sweep.ts'
import { createVerifier, type Verifier, type VerifierParts } from './verifier.ts'

/** What the bytes of images prove. Without a store for tarballs, only the facts are present. */
export interface Verification {
  facts: FactsStore
  verifier?: Verifier
  listReadings?: ListReadings
  fileEvents?: FileEvents
  /** Looks again at the images that were looked at longest ago. */
  sweep?: ImageSweep
  /** Only where a site is strict. */
  requireProof?: RequireProof
}

interface VerificationParts {
  stores: Pick<Stores, 'containers' | 'buildStatuses' | 'facts'>
  hash: Hash
  now: () => Date
  queue: TaskQueue
  settings: VerificationSettings | undefined
  onFailure: VerifierParts['onFailure']
}

export function createVerification({ stores, hash, now, queue, settings, onFailure }: VerificationParts): Verification {
  const imageAt = createImageLookup(stores, hash)
  const facts = createFactsStore(stores.facts, { hash, imageAt })
  if (!settings) return { facts }
  const context = { ...settings, store: stores.facts, facts, imageAt, queue, now }
  const verifier = createVerifier({ ...context, onFailure })
  return {
    facts,
    verifier,
    listReadings: createReadingList(context),
    fileEvents: createFileEvents(context, verifier.wake),
    sweep: (options) => sweepImages(context, options),
    ...(settings.strict && { requireProof: requireProofWith(context) })
  }
}
