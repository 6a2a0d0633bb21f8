import type { ListsParts } from '../lists/parts.ts'
import type { Views } from '../lists/views.ts'
import type { TarballStatuses } from '../tarballs/tarball-status.ts'
import type { EventBounds } from './events.ts'

export interface HistorySettings {
  /** How long a removed container is listed as restorable; default 30 days. */
  deletedKeepMs?: number
  /** How many entries of a container's history are kept; default 1000. */
  historyEntries?: number
  /** How long entries are kept; default one year. */
  historyKeepMs?: number
  eventBounds?: Partial<EventBounds> | undefined
}

/** What the modules of this folder depend on. */
export interface HistoryParts extends ListsParts {
  view: Views['of']
  /** Absent where no object store is configured. */
  tarballs: TarballStatuses | undefined
  settings: HistorySettings
}
