import { CatalogueError } from '../../domain/errors.ts'
import { type DocumentStore, wrappedStore } from '../document-store.ts'

/** Counts calls, so that closing waits for those in progress and refuses later ones. */
export function closable() {
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
    guarded: (store: DocumentStore) =>
      wrappedStore(store, {
        operation:
          (operation) =>
          (...given) =>
            run(() => operation(...given)),
        walk: (walk) => walk
      }),

    async close(): Promise<void> {
      closed = true
      if (underWay > 0) {
        await new Promise<void>((resolve) => {
          idle = resolve
        })
      }
    }
  }
}
