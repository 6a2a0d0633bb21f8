import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { sqliteCode } from './driver.ts'

/** An error of the database in the port's words; any other error as it is. */
export function storeError(error: unknown, file: string): unknown {
  const code = sqliteCode(error)
  if (code === undefined) return error
  const options = { cause: error }
  if (isFull(code, file)) {
    return new CatalogueError(
      'store_full',
      `the disk or quota that holds ${file} is full; nothing stored was lost: make room and try again`,
      options
    )
  }
  const { message } = error as Error
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') {
    return new CatalogueError(
      'store_unavailable',
      `${file} is damaged (${message}); stop Leporello, keep a copy of the file with its -wal, and put a backup in its place, or what "sqlite3 ${file} .recover" saves`,
      options
    )
  }
  const advice = code.startsWith('SQLITE_BUSY') ? '; another program holds a lock on it' : ''
  return new CatalogueError('store_unavailable', `${file} cannot be used: ${message} (${code})${advice}`, options)
}

/** Does the same where the store is opened: any error there, such as a missing permission, makes it unavailable. */
export function openingError(error: unknown, file: string): CatalogueError {
  const known = storeError(error, file)
  if (isCatalogueError(known)) return known
  return new CatalogueError('store_unavailable', `${file} cannot be opened: ${(error as Error).message}`, { cause: error })
}

/** What SQLite takes at a time, in bytes: the step in which the index of its log grows. */
const leastRoom = 64 * 1024

/** SQLite says FULL for a write alone; where it maps or syncs a file on a full disk it only says that the disk failed. */
function isFull(code: string, file: string): boolean {
  if (code === 'SQLITE_FULL') return true
  if (!code.startsWith('SQLITE_IOERR') && code !== 'SQLITE_CANTOPEN') return false
  try {
    const { bavail, bsize } = statfsSync(dirname(file))
    return bavail * bsize < leastRoom
  } catch {
    return false
  }
}
