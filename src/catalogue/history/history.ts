import { type ContainerHistory, createContainerHistory } from './container-history.ts'
import { createDeletedList, type DeletedList } from './deleted.ts'
import { createEvents, type Events } from './events.ts'
import { createJournalBounds, type JournalBounds } from './journal-bounds.ts'
import type { HistoryParts } from './parts.ts'

/** The history of containers, and the stream of current events. */
export interface History {
  history: ContainerHistory
  deleted: DeletedList
  events: Events
  journalBounds: JournalBounds
}

const dayMs = 24 * 3_600_000

export function createHistory(parts: HistoryParts): History {
  const { stores, journal, listReadings, now, settings, onFailure } = parts
  const { deletedKeepMs: keepMs = 30 * dayMs, historyEntries: entries = 1000, historyKeepMs = 365 * dayMs } = settings
  const { journal: store, containers } = stores
  const journalBounds = createJournalBounds({ ...parts, store, containers, entries, keepMs: historyKeepMs })
  const onError = (error: unknown) => onFailure(error, 'events could not be read')
  return {
    history: createContainerHistory({ ...parts, bounds: journalBounds }),
    deleted: createDeletedList(parts, keepMs),
    events: createEvents({ journal, listReadings, now, bounds: settings.eventBounds, onError }),
    journalBounds
  }
}
