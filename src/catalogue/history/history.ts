import type { Architecture } from '../../domain/architecture.ts'
import type { Hash } from '../../domain/image/facts.ts'
import type { Stores } from '../../stores/document-store.ts'
import type { Leases } from '../jobs/leases.ts'
import type { Views } from '../lists/views.ts'
import type { Changes } from '../records/changes.ts'
import type { Journal } from '../records/journal.ts'
import type { TarballStatuses } from '../tarballs/tarball-status.ts'
import type { FactsStore } from '../verification/image-facts.ts'
import type { Verifier } from '../verification/verifier.ts'
import { type ContainerHistory, createContainerHistory } from './container-history.ts'
import { createDeletedList, type DeletedList } from './deleted.ts'
import { createEvents, type EventBounds, type Events } from './events.ts'
import { createJournalBounds, type JournalBounds } from './journal-bounds.ts'

/** The history of containers, and the stream of current events. */
export interface History {
  history: ContainerHistory
  deleted: DeletedList
  events: Events
  journalBounds: JournalBounds
}

export interface HistorySettings {
  /** How long a removed container is listed as restorable; default 30 days. */
  deletedKeepMs?: number
  /** How many entries of a container's history are kept; default 1000. */
  historyEntries?: number
  /** How long entries are kept; default one year. */
  historyKeepMs?: number
  eventBounds?: Partial<EventBounds> | undefined
}

export interface HistoryParts {
  stores: Pick<Stores, 'journal' | 'containers'>
  journal: Journal
  changes: Changes
  facts: FactsStore
  leases: Leases
  guarded: readonly Architecture[]
  view: Views['of']
  verifier: Verifier | undefined
  /** Absent where no object store is configured. */
  tarballs: TarballStatuses | undefined
  hash: Hash
  now: () => Date
  settings: HistorySettings
  onFailure(error: unknown, what: string): void
}

const dayMs = 24 * 3_600_000

export function createHistory(parts: HistoryParts): History {
  const { stores, journal, now, settings, onFailure } = parts
  const { deletedKeepMs: keepMs = 30 * dayMs, historyEntries: entries = 1000, historyKeepMs = 365 * dayMs } = settings
  const journalBounds = createJournalBounds({
    ...parts,
    store: stores.journal,
    containers: stores.containers,
    entries,
    keepMs: historyKeepMs
  })
  const onError = (error: unknown) => onFailure(error, 'events could not be read')
  return {
    history: createContainerHistory({ ...parts, bounds: journalBounds }),
    deleted: createDeletedList({ ...parts, containers: stores.containers, keepMs }),
    events: createEvents({ journal, now, bounds: settings.eventBounds, onError }),
    journalBounds
  }
}
