import { checkId, isStorableId } from '../../domain/limits.ts'
import type { DocumentStore, Stored } from '../document-store.ts'
import { toAnswer } from './describe.ts'
import type { Link } from './link.ts'
import type { Outcome, Table, Write } from './messages.ts'
import type { Found, Reader } from './reader.ts'
import { revisionOf } from './writes.ts'

export interface Parts {
  /** The engine's name of the collection. */
  index: string
  table: Table
  reader: Reader
  link: Link
  write(write: Write): Promise<Outcome>
}

const idsBatch = 5000

export function embeddedDocuments({ index, table, reader, link, write }: Parts): DocumentStore {
  const find = (id: string): Found | undefined => (isStorableId(id) ? reader.get(table, id) : undefined)

  function get(id: string): Stored | undefined {
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

    async *ids() {
      for (let after = ''; ; ) {
        const batch = await link.ask('ids', { table, after, limit: idsBatch })
        if (batch.length > 0) yield batch
        if (batch.length < idsBatch) return
        after = batch.at(-1)!
      }
    },

    async describe(id, options) {
      const found = find(id)
      return { found: found !== undefined, body: toAnswer({ index, id, found }, options) }
    }
  }
}
