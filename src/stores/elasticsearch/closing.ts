import { CatalogueError } from '../../domain/errors.ts'
import type { DocumentStore } from '../document-store.ts'

/** Counts calls, so that closing waits for those in progress and refuses later ones. */
export function closable(): { guarded(store: DocumentStore): DocumentStore; close(): Promise<void> } {
  let closed = false
  let underWay = 0
  let idle: (() => void) | undefined

  async function run<T>(call: () => Promise<T>): Promise<T> {
    if (closed) throw new CatalogueError('store_unavailable', 'the connection to the search engine is closed')
    underWay++
    try {
      return await call()
    } finally {
      underWay--
      if (underWay === 0) idle?.()
    }
  }

  return {
    guarded: (store) => ({
      get: (id) => run(() => store.get(id)),
      getMany: (ids) => run(() => store.getMany(ids)),
      put: (...parameters) => run(() => store.put(...parameters)),
      remove: (...parameters) => run(() => store.remove(...parameters)),
      list: (query) => run(() => store.list(query)),
      refresh: () => run(() => store.refresh()),
      ids: () => store.ids(),
      scan: (fields) => store.scan(fields),
      describe: (...parameters) => run(() => store.describe(...parameters))
    }),

    async close() {
      closed = true
      if (underWay > 0) {
        await new Promise<void>((resolve) => {
          idle = resolve
        })
      }
    }
  }
}
