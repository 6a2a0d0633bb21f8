import { isCatalogueError } from '../domain/errors.ts'
import { type DocumentStore, perCollection, type Stores, tableNames, wrappedStore } from '../stores/document-store.ts'
import type { Metrics } from './metrics.ts'

/** Wraps stores to count and time every operation on documents. */
export const measuredStores = (stores: Stores, metrics: Metrics): Stores => ({
  ...stores,
  ...perCollection((name) => measured(stores[name], { collection: tableNames[name], metrics }))
})

/** Returns the name of an outcome in metrics: for an error its code. */
export const outcomeOf = (error: unknown): string => (isCatalogueError(error) ? error.code : 'error')

function measured(store: DocumentStore, { collection, metrics }: { collection: string; metrics: Metrics }): DocumentStore {
  function observer(operation: string): (started: number, outcome: string) => void {
    const outcomes = new Map<string, (seconds: number) => void>()
    return (started, outcome) => {
      const observe = outcomes.get(outcome) ?? metrics.storeOperation({ collection, operation, outcome })
      outcomes.set(outcome, observe)
      observe((performance.now() - started) / 1000)
    }
  }

  function timed<Arguments extends unknown[], Result>(operation: (...given: Arguments) => Promise<Result>, name: string) {
    const ended = observer(name)
    return async (...given: Arguments) => {
      const started = performance.now()
      try {
        const result = await operation(...given)
        ended(started, 'ok')
        return result
      } catch (error) {
        ended(started, outcomeOf(error))
        throw error
      }
    }
  }

  function timedBatches<Arguments extends unknown[], Batch>(batches: (...given: Arguments) => AsyncIterable<Batch>, name: string) {
    const ended = observer(name)
    return async function* (...given: Arguments): AsyncGenerator<Batch> {
      const started = performance.now()
      try {
        yield* batches(...given)
        ended(started, 'ok')
      } catch (error) {
        ended(started, outcomeOf(error))
        throw error
      }
    }
  }

  return wrappedStore(store, { operation: timed, walk: timedBatches })
}
