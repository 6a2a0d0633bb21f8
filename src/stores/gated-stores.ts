import { CatalogueError } from '../domain/errors.ts'
import { type DocumentStore, perCollection, type Stores } from './document-store.ts'

export interface Gate {
  /** Refuses every operation on documents, as store_unavailable with the reason, until open() is called. */
  stores: Stores
  open(): void
  /** Sets the reason why it is still closed. */
  closed(reason: string, cause?: unknown): void
}

type Operation<Arguments extends unknown[], Result> = (...given: Arguments) => Promise<Result>

/** Stores that refuse every call until they are migrated: the server accepts connections while the engine is still starting. */
export function gatedStores(stores: Stores): Gate {
  let shut: { reason: string; cause?: unknown } | undefined = { reason: 'its indices are being prepared' }

  function check(): void {
    if (shut) throw refusal(shut)
  }

  function through<Arguments extends unknown[], Result>(operation: Operation<Arguments, Result>): Operation<Arguments, Result> {
    return (...given) => (shut ? Promise.reject(refusal(shut)) : operation(...given))
  }

  const gated = (store: DocumentStore): DocumentStore => ({
    get: through(store.get),
    getMany: through(store.getMany),
    put: through(store.put),
    remove: through(store.remove),
    list: through(store.list),
    refresh: through(store.refresh),
    describe: through(store.describe),
    async *ids() {
      check()
      yield* store.ids()
    },
    async *scan(fields) {
      check()
      yield* store.scan(fields)
    }
  })

  return {
    stores: {
      ...stores,
      ...perCollection((collection) => gated(stores[collection])),
      health: async () => (shut ? { ok: false, reason: messageOf(shut) } : stores.health())
    },
    open() {
      shut = undefined
    },
    closed(reason, cause) {
      shut = { reason, cause }
    }
  }
}

const refusal = (shut: { reason: string; cause?: unknown }): CatalogueError =>
  new CatalogueError('store_unavailable', messageOf(shut), { cause: shut.cause })

const messageOf = ({ reason }: { reason: string }) => `the store is not ready: ${reason}`
