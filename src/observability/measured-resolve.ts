import { knownArchitectures, parseArchitecture } from '../domain/architecture.ts'
import type { Resolution } from '../domain/resolution.ts'
import { outcomeOf } from './measured-stores.ts'
import type { Metrics } from './metrics.ts'

type Resolve = (id: string, architecture: string) => Promise<{ document: string; resolution: Resolution }>

/** The same use case, counted by what machines asked for and what they got. */
export function measuredResolve(resolve: Resolve, metrics: Metrics): Resolve {
  return async (id, architecture) => {
    try {
      const answer = await resolve(id, architecture)
      metrics.resolve(label(architecture), answer.resolution.source)
      return answer
    } catch (error) {
      metrics.resolve(label(architecture), outcomeOf(error))
      throw error
    }
  }
}

/** Callers choose the name, so it is bounded: one that the table does not list is "other". */
function label(name: string): string {
  try {
    const architecture = parseArchitecture(name)
    return knownArchitectures.has(architecture) ? architecture : 'other'
  } catch {
    return 'invalid'
  }
}
