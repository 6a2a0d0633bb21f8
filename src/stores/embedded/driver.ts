import Libsql from 'libsql'

/*
 * The only module that imports libsql, so that node:sqlite can replace it when Node 20 is dropped. Peculiarities of libsql 0.5: rows as
 * objects carry a `_metadata` of its own, so rows are arrays here. Parameters are passed as one array, because a single Buffer aborts the
 * process. A text is cut off at a NUL, and text that is not UTF-8 aborts the process, so every text is selected as a blob (`columnText`). A
 * statement that failed answers its next call with the old error, so it is not reused. Terminating a Worker inside a call aborts the
 * process, too.
 */

export type Value = string | number | Buffer | null
export type Row = readonly Value[]

export type Database = ReturnType<typeof openDatabase>

/** Returns SQLite's name of an error, such as SQLITE_FULL; undefined when the error is not from the database. */
export function sqliteCode(error: unknown): string | undefined {
  if (error instanceof Libsql.SqliteError) return error.code
  // libsql throws no SqliteError when it cannot open a file
  return error instanceof Error && error.message.startsWith('ConnectionFailed') ? 'SQLITE_CANTOPEN' : undefined
}

/** Returns a text that was selected as `cast(… as blob)`. */
export const columnText = (value: Value | undefined): string => (value as Buffer).toString('utf8')

const maxStatements = 100

/** Opens or creates a database. `busyMs` is how long a statement waits, blocking its thread, for a lock that another connection holds. */
export function openDatabase(file: string, { busyMs }: { busyMs: number }) {
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
    exec: (sql: string): void => void connection.exec(sql),
    /** Returns the first row. */
    row: (sql: string, parameters: readonly Value[] = []) => using(sql, (statement) => statement.get(parameters) as Row | undefined),
    rows: (sql: string, parameters: readonly Value[] = []) => using(sql, (statement) => statement.all(parameters) as Row[]),
    /** Returns how many rows changed. */
    run: (sql: string, parameters: readonly Value[] = []): number => using(sql, (statement) => statement.run(parameters).changes),
    /** Rolls back an open transaction, if there is one: on some errors SQLite has rolled back already. */
    rollback: (): void => {
      if (connection.inTransaction) connection.exec('rollback')
    },
    close: (): void => {
      statements.clear()
      connection.close()
    }
  }
}
