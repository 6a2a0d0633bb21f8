import { CatalogueError } from '../../domain/errors.ts'
import { columnText, type Database, openDatabase } from './driver.ts'
import { storeError } from './failures.ts'
import type { Table } from './messages.ts'

export type Reader = ReturnType<typeof createReader>

export interface FoundDocument {
  seq: number
  /** How many times the document was written. */
  version: number
  document: string
}

/** How long a point read may block the event loop for a lock; readers of a WAL hardly ever wait for one. */
const busyMs = 250

/** Reads single documents on the calling thread, in ten microseconds: less than a request to the worker takes. Throws store_unavailable. */
export function createReader(file: string) {
  let database: Database | undefined
  let closed = false
  let name: string | undefined

  /** Throws store_unavailable after close(). */
  function ensureOpen(): void {
    if (closed) throw new CatalogueError('store_unavailable', 'the embedded store is closed')
  }

  function reading<Result>(work: (database: Database) => Result): Result {
    ensureOpen()
    try {
      database ??= open(file)
      return work(database)
    } catch (error) {
      // the next read opens another connection: this one may be unusable
      closeConnection()
      throw storeError(error, file)
    }
  }

  function closeConnection(): void {
    database?.close()
    database = undefined
  }

  return {
    ensureOpen,
    /** Returns the document as of the last commit. */
    get: (table: Table, id: string): FoundDocument | undefined =>
      reading((database) => {
        const row = database.row(`select seq, version, cast(document as blob) from ${table} where id = ?`, [id])
        return row && { seq: row[0] as number, version: row[1] as number, document: columnText(row[2]) }
      }),
    /** Returns the store's name, which begins every revision. */
    name: (): string => (name ??= reading((database) => columnText(database.row('select cast(name as blob) from store')![0]))),
    /** Returns SQLite's version. */
    version: (): string => reading((database) => columnText(database.row('select cast(sqlite_version() as blob)')![0])),
    close: (): void => {
      closed = true
      closeConnection()
    }
  }
}

function open(file: string): Database {
  const database = openDatabase(file, { busyMs })
  try {
    database.rows('pragma journal_mode = wal')
    database.exec('pragma cache_size = -8000')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
