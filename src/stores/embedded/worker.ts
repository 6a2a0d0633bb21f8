import { parentPort, workerData } from 'node:worker_threads'
import { isCatalogueError } from '../../domain/errors.ts'
import { type Database, openDatabase } from './driver.ts'
import { storeError } from './failures.ts'
import { idsAfter, page, scanAfter } from './lists.ts'
import type { Calls, Refused } from './messages.ts'
import { migrateDatabase } from './migrations.ts'
import { commit } from './writes.ts'

/* The thread that owns the writing connection: writes, fsyncs and lists happen here, so that none of them holds up the event loop. */

export interface WorkerData {
  file: string
  busyMs: number
  /** The most pages of 4 KiB that the database may use. */
  maxPages: number | undefined
}

const { file, busyMs, maxPages } = workerData as WorkerData
let database: Database | undefined

function open(): Database {
  const opened = openDatabase(file, { busyMs })
  // full: an acknowledged write has been synced to the disk. The log is truncated to the size limit after a checkpoint.
  opened.exec('pragma synchronous = full; pragma cache_size = -16000; pragma journal_size_limit = 33554432')
  if (maxPages !== undefined) opened.rows(`pragma max_page_count = ${maxPages}`)
  return opened
}

const handlers: { [Kind in keyof Calls]: (database: Database, request: Calls[Kind][0]) => Calls[Kind][1] } = {
  migrate: migrateDatabase,
  write: (database, { writes }) => commit(database, writes),
  page,
  ids: idsAfter,
  scan: scanAfter,
  check: (database) => {
    database.row('select seq from store')
    return true
  },
  release: (opened) => {
    opened.rows('pragma wal_checkpoint(truncate)')
    opened.close()
    database = undefined
    return true
  }
}

function handle(kind: keyof Calls, request: never): { answer: unknown } | Refused {
  try {
    database ??= open()
    return { answer: handlers[kind](database, request) }
  } catch (thrown) {
    const error = storeError(thrown, file)
    if (isCatalogueError(error, 'store_unavailable') && !stillReads()) closeConnection()
    return { refused: inWords(error) }
  }
}

/** Another connection would be of no use to one that reads: it is only refused to write, or kept waiting for a lock. */
function stillReads(): boolean {
  try {
    return database?.row('select seq from store') !== undefined
  } catch {
    return false
  }
}

/**
 * Closes the connection, which may be unusable after a disk failure; the next request opens another. Its file stays open until libsql's
 * statements are collected as garbage, so this must not happen with each request.
 */
function closeConnection(): void {
  try {
    database?.close()
  } finally {
    database = undefined
  }
}

function inWords(error: unknown): Refused['refused'] {
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  return isCatalogueError(error) ? { code: error.code, message } : { message, stack }
}

const port = parentPort!
port.on('message', (message: 'end' | { n: number; kind: keyof Calls; request: never }) => {
  if (message === 'end') {
    closeConnection()
    port.close()
  } else {
    port.postMessage({ n: message.n, ...handle(message.kind, message.request) })
  }
})
