import type { DocumentStore } from '../../stores/document-store.ts'
import type { TaskQueue } from '../jobs/task-queue.ts'
import type { DepartedTarball } from './file-events.ts'
import type { ImageLookup } from './image-facts.ts'
import type { LearningParts, ReadingParts } from './tarball-reading.ts'
import type { VerifierParts } from './verifier.ts'

export interface VerificationSettings extends Omit<ReadingParts, 'now'>, Pick<VerifierParts, 'mode' | 'leaseMs' | 'addresses'> {
  /** Whether only images that their bytes prove are registered. */
  strict: boolean
  /** How long the store needs until a list shows what was just written; default not at all. */
  settleMs?: number
  /** A tarball was removed by its path, and it was the image of these containers. */
  onDeparted?(departed: DepartedTarball): void
  /** A tarball was stored or removed by its path, and the containers that name it could not be looked up. */
  onMissed?(error: unknown, key: string): void
}

/** What the modules of this folder depend on, where there is a store for tarballs. */
export interface VerificationContext extends VerificationSettings, LearningParts {
  /** Of the facts. */
  store: DocumentStore
  imageAt: ImageLookup
  queue: TaskQueue
}
