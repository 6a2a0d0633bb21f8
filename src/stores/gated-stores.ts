import { CatalogueError } from '../domain/errors.ts'
import { perCollection, type Stores, type StoreWrapper, wrappedStore } from './document-store.ts'

export interface Gate {
  /** Refuses every operation on documents, as store_unavailable with the reason, until open() is called. */
  stores: Stores
  open(): void
  /** Sets the reason why it is still closed. */
  closed(reason: string, cause?: unknown): void
}

/** Makes a new error for each call, so that its stack shows that call. */
type Refusal = () => CatalogueError

/** Stores that refuse every call until they are migrated: the server accepts connections while the engine is still starting. */
export function gatedStores(stores: Stores): Gate {
  let refusal: Refusal | undefined = notReady('its indices are being prepared')
  const wrapper: StoreWrapper = {
    operation:
      (operation) =>
      (...given) =>
        refusal ? Promise.reject(refusal()) : operation(...given),
    walk: (walk) =>
      async function* (...given) {
        if (refusal) throw refusal()
        yield* walk(...given)
      }
  }

  return {
    stores: {
      ...stores,
      ...perCollection((collection) => wrappedStore(stores[collection], wrapper)),
      health: async () => (refusal ? { ok: false, reason: refusal().message } : stores.health())
    },
    open() {
      refusal = undefined
    },
    closed(reason, cause) {
      refusal = notReady(reason, cause)
    }
  }
}

const notReady =
  (reason: string, cause?: unknown): Refusal =>
  () =>
    new CatalogueError('store_unavailable', `the store is not ready: ${reason}`, { cause })
