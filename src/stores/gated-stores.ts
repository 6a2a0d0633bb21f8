import { CatalogueError } from '../domain/errors.ts'
import { perCollection, type Stores, type StoreWrapper, wrappedStore } from './document-store.ts'

export interface Gate {
  /** Refuses every operation on documents, as store_unavailable with the reason, until open() is called. */
  stores: Stores
  open(): void
  /** Sets the reason why it is still closed. */
  closed(reason: string, cause?: unknown): void
}

/** Stores that refuse every call until they are migrated: the server accepts connections while the engine is still starting. */
export function gatedStores(stores: Stores): Gate {
  let shut: CatalogueError | undefined = notReady('its indices are being prepared')
  const wrapper: StoreWrapper = {
    operation:
      (operation) =>
      (...given) =>
        shut ? Promise.reject(shut) : operation(...given),
    walk: (walk) =>
      async function* (...given) {
        if (shut) throw shut
        yield* walk(...given)
      }
  }

  return {
    stores: {
      ...stores,
      ...perCollection((collection) => wrappedStore(stores[collection], wrapper)),
      health: async () => (shut ? { ok: false, reason: shut.message } : stores.health())
    },
    open() {
      shut = undefined
    },
    closed(reason, cause) {
      shut = notReady(reason, cause)
    }
  }
}

const notReady = (reason: string, cause?: unknown): CatalogueError =>
  new CatalogueError('store_unavailable', `the store is not ready: ${reason}`, { cause })
