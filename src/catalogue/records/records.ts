import type { Stores } from '../../stores/document-store.ts'
import { type Changes, type ChangesParts, createChanges } from './changes.ts'
import { createImageRecords, type ImageRecords, type ImageRecordsParts } from './image-records.ts'
import { createJournal, type Journal } from './journal.ts'

interface RecordsParts extends Omit<ImageRecordsParts, 'changes'>, Omit<ChangesParts, 'containers' | 'journal'> {
  stores: Pick<Stores, 'containers' | 'journal'>
  now: () => Date
}

/** Records, the ways to change them, and the journal of their changes. */
export interface Records {
  journal: Journal
  changes: Changes
  imageRecords: ImageRecords
}

export function createRecords(parts: RecordsParts): Records {
  const { stores } = parts
  const journal = createJournal(stores.journal, parts)
  const changes = createChanges({ ...parts, containers: stores.containers, journal })
  return { journal, changes, imageRecords: createImageRecords({ ...parts, changes }) }
}
