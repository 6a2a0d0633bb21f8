import { knownArchitectures } from '../domain/architecture.ts'
import type { Resolution, ResolveImageOptions } from '../domain/container/resolution.ts'
import { isCatalogueError } from '../domain/errors.ts'
import { asArchitectureName } from '../domain/json/reading.ts'
import { type DocumentStore, perCollection, type Stores, tableNames, wrappedStore } from '../stores/document-store.ts'
import type { Metrics } from './metrics.ts'

/** Wraps stores to count and time every operation on documents. */
export const measuredStores = (stores: Stores, metrics: Metrics): Stores => ({
  ...stores,
  ...perCollection((name) => measured(stores[name], { collection: tableNames[name], metrics }))
})

/** Returns the name of an outcome in metrics: for an error its code. */
const outcomeOf = (error: unknown): string => (isCatalogueError(error) ? error.code : 'error')

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

type Resolve = (id: string, architecture: string, options?: ResolveImageOptions) => Promise<{ document: string; resolution: Resolution }>

/** Wraps resolving to count what machines asked for and what they got. */
export function measuredResolve(resolve: Resolve, metrics: Metrics): Resolve {
  return async (id, architecture, options) => {
    try {
      const answer = await resolve(id, architecture, options)
      metrics.verdict(answer.resolution.verdict)
      metrics.resolve(label(architecture), answer.resolution.source)
      return answer
    } catch (error) {
      if (isCatalogueError(error, 'image_mislabelled')) metrics.verdict('mislabelled')
      metrics.resolve(label(architecture), outcomeOf(error))
      throw error
    }
  }
}

/** Callers choose the name, so it is bounded: one that the table does not list is "other". */
function label(name: string): string {
  const architecture = asArchitectureName(name)
  if (architecture === null) return 'invalid'
  return knownArchitectures.has(architecture) ? architecture : 'other'
}

type Inspected = { report: { verdict: string; tarball: { size: number } } }

/** Wraps an inspection to count what it found. One that failed with its source is not counted. */
export function measuredInspect<Given extends unknown[], Result extends Inspected>(
  inspect: (...given: Given) => Promise<Result>,
  metrics: Metrics
): (...given: Given) => Promise<Result> {
  return async (...given) => {
    const began = performance.now()
    const result = await inspect(...given)
    const { verdict, tarball } = result.report
    metrics.inspection(verdict, { seconds: (performance.now() - began) / 1000, bytes: tarball.size })
    return result
  }
}
