import Libsql from 'libsql'

/*
 * The seam to libsql: nothing else imports it, so that node:sqlite can take its place when Node 20 is dropped. What one must know of
 * libsql 0.5: rows as objects carry a `_metadata` that is not ours, so rows are arrays here; parameters go in as one array, because a
 * single Buffer aborts the process; a text comes out cut off at a NUL, and text that is not UTF-8 aborts the process, so every text
 * is selected as a blob (`columnText`); a statement that failed answers its next call with the old error, so it is not used again; and a Worker must not be terminated inside a call, which aborts the process too.
 */

export type Value = string | number | Buffer | null
export type Row = readonly Value[]

export interface Database {
  exec(sql: string): void
  /** The first row. */
  row(sql: string, parameters?: readonly Value[]): Row | undefined
  rows(sql: string, parameters?: readonly Value[]): Row[]
  /** How many rows changed. */
  run(sql: string, parameters?: readonly Value[]): number
  /** Rolls back where something is to be rolled back: on some errors SQLite has done it already. */
  rollback(): void
  close(): void
}

/** SQLite's name for what went wrong, such as SQLITE_FULL; undefined when the error is not from the database. */
export function sqliteCode(error: unknown): string | undefined {
  if (error instanceof Libsql.SqliteError) return error.code
  // libsql's opening has no SqliteError yet
  return error instanceof Error && error.message.startsWith('ConnectionFailed') ? 'SQLITE_CANTOPEN' : undefined
}

/** A text that was selected as `cast(… as blob)`. */
export const columnText = (value: Value | undefined): string => (value as Buffer).toString('utf8')

const maxStatements = 100

/** Opens or creates a database. `busyMs` is how long a statement waits, blocking its thread, for a lock that another connection holds. */
export function openDatabase(file: string, { busyMs }: { busyMs: number }): Database {
  const connection = new Libsql(file, { timeout: busyMs })
  const statements = new Map<string, Libsql.Statement>()

  function prepared(sql: string): Libsql.Statement {
    let statement = statements.get(sql)
    if (statement === undefined) {
      if (statements.size >= maxStatements) statements.clear()
      statement = connection.prepare(sql)
      if (statement.reader) statement.raw(true)
      statements.set(sql, statement)
    }
    return statement
  }

  function using<Result>(sql: string, call: (statement: Libsql.Statement) => Result): Result {
    try {
      return call(prepared(sql))
    } catch (error) {
      statements.delete(sql)
      throw error
    }
  }

  return {
    exec: (sql) => void connection.exec(sql),
    row: (sql, parameters = []) => using(sql, (statement) => statement.get(parameters) as Row | undefined),
    rows: (sql, parameters = []) => using(sql, (statement) => statement.all(parameters) as Row[]),
    run: (sql, parameters = []) => using(sql, (statement) => statement.run(parameters).changes),
    rollback: () => {
      if (connection.inTransaction) connection.exec('rollback')
    },
    close: () => {
      statements.clear()
      connection.close()
    }
  }
}
