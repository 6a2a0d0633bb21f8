import { statfsSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { sqliteCode } from './driver.ts'

/** Returns an error of the database as a CatalogueError; any other error unchanged. */
export function storeError(error: unknown, file: string): unknown {
  const code = sqliteCode(error)
  if (code === undefined) return error
  const options = { cause: error }
  // clients read these messages, and where the file is does not concern them
  const name = basename(file)
  if (isFull(code, file)) {
    const message = `the disk or quota that holds ${name} is full; nothing stored was lost: make room and try again`
    return new CatalogueError('store_full', message, options)
  }
  const { message } = error as Error
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') {
    const damage = `${name} is damaged (${message}); stop Leporello, keep a copy of the file with its -wal, and put a backup in its place, or what "sqlite3 ${name} .recover" saves`
    return new CatalogueError('store_unavailable', damage, options)
  }
  const advice = code.startsWith('SQLITE_BUSY') ? '; another program holds a lock on it' : ''
  return new CatalogueError('store_unavailable', `${name} cannot be used: ${message} (${code})${advice}`, options)
}

/** Returns the error of opening the store as a CatalogueError: any error here, such as a missing permission, makes it unavailable. */
export function openingError(error: unknown, file: string): CatalogueError {
  const known = storeError(error, file)
  if (isCatalogueError(known)) return known
  return new CatalogueError('store_unavailable', `${basename(file)} cannot be opened: ${(error as Error).message}`, { cause: error })
}

/** The number of bytes by which SQLite grows the index of its log. */
const leastRoom = 64 * 1024

/** SQLite reports FULL only when a write fails. When it maps or syncs a file on a full disk, it only reports an I/O error. */
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
