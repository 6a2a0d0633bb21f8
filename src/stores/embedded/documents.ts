import { isCatalogueError } from '../../domain/errors.ts'
import { checkId, isStorableId } from '../../domain/limits.ts'
import type { DocumentStore, StoredDocument } from '../document-store.ts'
import { createCache } from './cache.ts'
import { toAnswer } from './describe.ts'
import type { Link } from './link.ts'
import type { Outcome, Table, WriteRequest } from './messages.ts'
import type { FoundDocument, Reader } from './reader.ts'
import { revisionOf } from './writes.ts'

export interface Parts {
  /** The engine's name of the collection. */
  index: string
  table: Table
  reader: Reader
  link: Link
  write(write: WriteRequest): Promise<Outcome>
}

const idsBatch = 5000
/** How many documents the worker scans at a time: some milliseconds, after which writes get their turn. */
const scanBatch = 1000

/** Returns how many characters of documents are kept in memory; containers get the most, because every worker requests them. */
const maxCached = (table: Table): number => (table === 'containers' ? 12 : 2) * 1024 * 1024
/** The overhead of a cache entry in addition to its text. */
const overhead = 200

export function embeddedDocuments({ index, table, reader, link, write: send }: Parts): DocumentStore {
  // no other process writes here, so a cached read stays valid until this process writes; a read costs a third of an answer
  const cache = createCache<FoundDocument>(maxCached(table))
  // true while a write may still take effect without an answer: until a later write is answered, a read may already be outdated
  let uncertain = false

  function find(id: string): FoundDocument | undefined {
    reader.ensureOpen()
    const known = cache.get(id)
    if (known !== undefined || !isStorableId(id)) return known
    const found = reader.get(table, id)
    if (found && !uncertain) cache.set(id, found, overhead + id.length + found.document.length)
    return found
  }

  async function write(write: WriteRequest): Promise<Outcome> {
    try {
      const outcome = await send(write)
      uncertain = false
      return outcome
    } catch (error) {
      if (!isCatalogueError(error) || error.code === 'store_unavailable') {
        uncertain = true
        cache.clear()
      }
      throw error
    } finally {
      // a read may have cached the old document while the write was in progress
      cache.delete(write.id)
    }
  }

  function get(id: string): StoredDocument | undefined {
    const found = find(id)
    return found && { id, document: found.document, revision: revisionOf(reader.name(), found.seq) }
  }

  return {
    get: async (id) => get(id),

    getMany: async (ids) => ids.map(get),

    async put(id, document, expected) {
      const outcome = await write({ table, id: checkId(id), document, expected })
      return outcome as { created: boolean; revision: string }
    },

    async remove(id, expected) {
      if (!isStorableId(id)) return false
      const outcome = await write({ table, id, expected })
      return (outcome as { removed: boolean }).removed
    },

    list: (query) => link.ask('page', { table, query }),

    // lists always read the latest commit
    refresh: async () => {},

    async *ids() {
      for (let after = ''; ; ) {
        const batch = await link.ask('ids', { table, after, limit: idsBatch })
        if (batch.length > 0) yield batch
        if (batch.length < idsBatch) return
        after = batch.at(-1)!
      }
    },

    async *scan(fields) {
      for (let after = ''; ; ) {
        const batch = await link.ask('scan', { table, fields, after, limit: scanBatch })
        if (batch.length > 0) yield batch
        if (batch.length < scanBatch) return
        after = batch.at(-1)!.id
      }
    },

    async describe(id, options) {
      const found = find(id)
      return { found: found !== undefined, body: toAnswer({ index, id, found }, options) }
    }
  }
}
