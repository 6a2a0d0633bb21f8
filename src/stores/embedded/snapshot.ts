import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CatalogueError } from '../../domain/errors.ts'
import { pagesOf } from '../../domain/pages.ts'
import { type Collection, type StoredDocument, tableNames } from '../document-store.ts'
import { columnText, type Database, openDatabase } from './driver.ts'
import { openingError } from './failures.ts'
import { page } from './lists.ts'
import { checkVersion } from './migrations.ts'

export interface EmbeddedSnapshot {
  /** Yields every document of a collection, a page at a time. */
  documents(collection: Collection, options: { limit: number }): AsyncIterable<readonly StoredDocument[]>
  /** Returns SQLite's name and version. */
  engine: string
  close(): void
}

/**
 * Reads the documents of a data directory as they are now, on a connection that does not write, while another process serves them: in WAL
 * mode a read transaction sees one commit for as long as it lasts. Throws store_unavailable, database_newer.
 */
export function embeddedSnapshot({ data, patienceMs }: { data: string; patienceMs: number }): EmbeddedSnapshot {
  const file = join(data, 'leporello.db')
  // opening it would make an empty one
  if (!existsSync(file)) throw new CatalogueError('store_unavailable', `${file} does not exist; expected the data directory of a server`)
  let database: Database | undefined
  try {
    const opened = openDatabase(file, { busyMs: patienceMs })
    database = opened
    opened.exec('pragma query_only = on')
    opened.exec('begin')
    checkVersion(opened)
    return {
      documents: async function* (collection, { limit }) {
        const list = async (query: { limit: number; cursor?: string }) => page(opened, { table: tableNames[collection], query })
        for await (const { items } of pagesOf(list, { limit })) yield items
      },
      engine: `sqlite ${columnText(opened.row('select cast(sqlite_version() as blob)')![0])}`,
      close: () => opened.close()
    }
  } catch (error) {
    database?.close()
    throw openingError(error, file)
  }
}
