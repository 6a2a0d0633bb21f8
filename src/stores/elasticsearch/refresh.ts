import { CatalogueError } from '../../domain/errors.ts'
import { type Engine, reasonOf } from './engine.ts'

export interface Refreshing {
  /** Something was written, or may have been. */
  written(): void
  /** Makes what any program wrote show in searches, or only what we wrote and does not show yet. */
  now(whose: true | 'own'): Promise<void>
}

/** Refreshes one index on demand, and only after we wrote: many lists without a write between them cost one refresh. */
export function refreshing(engine: Engine, index: string): Refreshing {
  let unseen = false
  let underWay: Promise<void> | undefined

  async function refresh(): Promise<void> {
    unseen = false
    try {
      const answer = await engine.send({ method: 'POST', path: `/${index}/_refresh`, query: 'filter_path=_shards.failed' })
      // for a user who may not, a list is as fresh as the engine's refresh interval makes it
      if ([200, 403, 404].includes(answer.status)) return
      throw new CatalogueError('store_unavailable', `the search engine cannot refresh ${index}: ${reasonOf(answer.body)}`)
    } catch (error) {
      unseen = true
      throw error
    }
  }

  return {
    written() {
      unseen = true
    },

    async now(whose) {
      // what was written after the one under way began needs another
      while (underWay) await underWay
      if (whose === 'own' && !unseen) return
      underWay = refresh().finally(() => {
        underWay = undefined
      })
      await underWay
    }
  }
}
