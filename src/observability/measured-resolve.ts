import { knownArchitectures } from '../domain/architecture.ts'
import type { Resolution, ResolveImageOptions } from '../domain/container/resolution.ts'
import { isCatalogueError } from '../domain/errors.ts'
import { asArchitectureName } from '../domain/json/reading.ts'
import { outcomeOf } from './measured-stores.ts'
import type { Metrics } from './metrics.ts'

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
