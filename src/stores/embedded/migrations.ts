import { readdirSync, readFileSync } from 'node:fs'
import { CatalogueError } from '../../domain/errors.ts'
import type { Database } from './driver.ts'
import { transaction } from './writes.ts'

/** migrations/ is next to build/ wherever the program is installed. */
const folder = new URL('../../../../migrations/embedded/', import.meta.url)

/** Migrates the tables to this program's version. Each step is recorded in its own transaction. Throws database_newer. */
export function migrateDatabase(database: Database): { version: number; applied: string[] } {
  database.exec('create table if not exists migrations (number integer primary key, name text not null, applied text not null)')
  const stored = (database.row('select coalesce(max(number), 0) from migrations')![0] as number) ?? 0
  const files = readdirSync(folder)
    .filter((name) => /^\d{4}-.*\.sql$/.test(name))
    .sort()
  const newest = Number(files.at(-1)?.slice(0, 4))
  if (stored > newest) {
    throw new CatalogueError(
      'database_newer',
      `the database has version ${stored}, and this program knows versions up to ${newest}: start the newer program that wrote it, or restore a backup from before it`
    )
  }
  const missing = files.filter((name) => Number(name.slice(0, 4)) > stored)
  for (const name of missing) {
    const sql = readFileSync(new URL(name, folder), 'utf8')
    transaction(database, () => {
      database.exec(sql)
      database.run('insert into migrations values (?, ?, ?)', [Number(name.slice(0, 4)), name, new Date().toISOString()])
    })
  }
  return { version: newest, applied: missing.map((name) => name.replace(/\.sql$/, '')) }
}
