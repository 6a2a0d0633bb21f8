import { readdirSync, readFileSync } from 'node:fs'
import { CatalogueError } from '../../domain/errors.ts'
import type { Database } from './driver.ts'
import { transaction } from './writes.ts'

/** migrations/ is next to build/ wherever the program is installed. */
const folder = new URL('../../../../migrations/embedded/', import.meta.url)

const numberOfFile = (name: string): number => Number(name.slice(0, 4))

/** Returns the names of all migrations, in order. */
const migrationFiles = (): string[] =>
  readdirSync(folder)
    .filter((name) => /^\d{4}-.*\.sql$/.test(name))
    .sort()

/** Throws database_newer. */
function storedVersion(database: Database, newest: number): number {
  const stored = database.row('select coalesce(max(number), 0) from migrations')![0] as number
  if (stored > newest) {
    const message = `the database has version ${stored}, and this program knows versions up to ${newest}: start the newer program that wrote it, or restore a backup from before it`
    throw new CatalogueError('database_newer', message)
  }
  return stored
}

/** Throws database_newer; store_unavailable when the database has not been migrated to this program's version. */
export function checkVersion(database: Database): void {
  const newest = numberOfFile(migrationFiles().at(-1)!)
  const stored = storedVersion(database, newest)
  if (stored === newest) return
  const message = `the database has version ${stored}, and this program reads version ${newest}: run leporello migrate, or use the program that serves it`
  throw new CatalogueError('store_unavailable', message)
}

/** Migrates the tables to this program's version. Each step is recorded in its own transaction. Throws database_newer. */
export function migrateDatabase(database: Database): { version: number; applied: string[] } {
  database.exec('create table if not exists migrations (number integer primary key, name text not null, applied text not null)')
  const files = migrationFiles()
  const newest = numberOfFile(files.at(-1)!)
  const stored = storedVersion(database, newest)
  const missing = files.filter((name) => numberOfFile(name) > stored)
  for (const name of missing) {
    const sql = readFileSync(new URL(name, folder), 'utf8')
    transaction(database, () => {
      database.exec(sql)
      database.run('insert into migrations values (?, ?, ?)', [numberOfFile(name), name, new Date().toISOString()])
    })
  }
  return { version: newest, applied: missing.map((name) => name.replace(/\.sql$/, '')) }
}
