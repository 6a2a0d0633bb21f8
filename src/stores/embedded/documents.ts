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

interface DocumentsParts extends Parts {
  /** No other process writes here, so a cached read stays valid until this process writes; a read costs a third of an answer. */
  cache: ReturnType<typeof createCache<FoundDocument>>
  /** A write may still take effect without an answer: until a later write is answered, a read may already be outdated. */
  uncertain: boolean
}

export function embeddedDocuments(given: Parts): DocumentStore {
  const { index, table, link } = given
  const parts: DocumentsParts = { ...given, cache: createCache(maxCached(table)), uncertain: false }
  return {
    get: async (id) => get(parts, id),

    getMany: async (ids) => ids.map((id) => get(parts, id)),

    async put(id, document, expected) {
      const outcome = await write(parts, { table, id: checkId(id), document, expected })
      return outcome as { created: boolean; revision: string }
    },

    async remove(id, expected) {
      if (!isStorableId(id)) return false
      const outcome = await write(parts, { table, id, expected })
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
      const found = find(parts, id)
      return { found: found !== undefined, body: toAnswer({ index, id, found }, options) }
    }
  }
}

function find({ table, reader, cache, uncertain }: DocumentsParts, id: string): FoundDocument | undefined {
  reader.ensureOpen()
  const known = cache.get(id)
  if (known !== undefined || !isStorableId(id)) return known
  const found = reader.get(table, id)
  if (found && !uncertain) cache.set(id, found, overhead + id.length + found.document.length)
  return found
}

function get(parts: DocumentsParts, id: string): StoredDocument | undefined {
  const found = find(parts, id)
  return found && { id, document: found.document, revision: revisionOf(parts.reader.name(), found.seq) }
}

async function write(parts: DocumentsParts, request: WriteRequest): Promise<Outcome> {
  try {
    const outcome = await parts.write(request)
    parts.uncertain = false
    return outcome
  } catch (error) {
    if (!isCatalogueError(error) || error.code === 'store_unavailable') {
      parts.uncertain = true
      parts.cache.clear()
    }
    throw error
  } finally {
    // a read may have cached the old document while the write was in progress
    parts.cache.delete(request.id)
  }
}
