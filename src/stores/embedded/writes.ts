import type { CatalogueError } from '../../domain/errors.ts'
import type { WriteCondition } from '../document-store.ts'
import { columnText, type Database, sqliteCode } from './driver.ts'
import type { Outcome, WriteRequest } from './messages.ts'

/** The name that begins every revision of this store, and the number of its next write. */
interface Counter {
  name: string
  seq: number
}

/** Returns a revision. Its third part, an engine's primary term, has no meaning here. */
export const revisionOf = (name: string, seq: number): string => `${name}.${seq}.1`

/**
 * Carries out writes in one transaction with one fsync, and returns an outcome for each: a refused write does not affect the others. A disk
 * failure fails all of them. When the disk is full, each write is tried on its own, because a removal or a small document may still fit.
 */
export function commit(database: Database, writes: readonly WriteRequest[]): Outcome[] {
  try {
    return transaction(database, () => {
      const counter = readCounter(database)
      const outcomes = writes.map((write) => attempt(database, write, counter))
      database.run('update store set seq = ?', [counter.seq])
      return outcomes
    })
  } catch (error) {
    if (writes.length === 1 || sqliteCode(error) !== 'SQLITE_FULL') throw error
    return writes.map((write) => alone(database, write))
  }
}

function alone(database: Database, write: WriteRequest): Outcome {
  try {
    return commit(database, [write])[0]!
  } catch (error) {
    if (sqliteCode(error) !== 'SQLITE_FULL') throw error
    return refused('store_full', `there is no room to store ${write.id}: the disk or quota that holds the database is full`)
  }
}

export function transaction<Result>(database: Database, work: () => Result): Result {
  database.exec('begin immediate')
  try {
    const result = work()
    database.exec('commit')
    return result
  } catch (error) {
    database.rollback()
    throw error
  }
}

function readCounter(database: Database): Counter {
  const [name, seq] = database.row('select cast(name as blob), seq from store')!
  return { name: columnText(name), seq: seq as number }
}

function attempt(database: Database, write: WriteRequest, counter: Counter): Outcome {
  const { table, id, document, expected } = write
  const stored = expected && database.row(`select seq from ${table} where id = ?`, [id])
  const refusal = expected && unmet(expected, id, stored && revisionOf(counter.name, stored[0] as number))
  if (refusal) return refusal
  if (document === undefined) {
    const removed = database.run(`delete from ${table} where id = ?`, [id]) > 0
    // a removal gets a number too, as on an engine: the number places a write among all changes
    if (removed) counter.seq++
    return { removed }
  }
  try {
    const [version] = database.row(
      `insert into ${table} (id, seq, version, document) values (?, ?, 1, ?)
       on conflict (id) do update set seq = excluded.seq, version = version + 1, document = excluded.document returning version`,
      [id, counter.seq + 1, document]
    )!
    counter.seq++
    return { created: version === 1, revision: revisionOf(counter.name, counter.seq) }
  } catch (error) {
    if (!isDocumentsFault(error)) throw error
    return refused('document_refused', `the document of ${id} is not a JSON object that the store can hold`)
  }
}

/** Returns the refusal when a write's condition does not hold. `revision` is the stored document's, or undefined when none is stored. */
function unmet(expected: WriteCondition, id: string, revision: string | undefined): Outcome | undefined {
  if ('absent' in expected) return revision === undefined ? undefined : refused('already_exists', `${id} exists already`)
  if (revision === undefined) return refused('revision_conflict', `${id} no longer exists; expected revision ${expected.revision}`)
  if (revision === expected.revision) return undefined
  return refused('revision_conflict', `${id} was changed meanwhile: its revision is ${revision}, not ${expected.revision}`)
}

/** Returns whether the document is at fault, which the table's check and columns parse as JSON. SQLite undoes only the statement. */
function isDocumentsFault(error: unknown): boolean {
  const code = sqliteCode(error)
  return (
    code === 'SQLITE_CONSTRAINT_CHECK' || code === 'SQLITE_TOOBIG' || (code === 'SQLITE_ERROR' && /JSON/.test((error as Error).message))
  )
}

const refused = (code: CatalogueError['code'], message: string): Outcome => ({ refused: { code, message } })
