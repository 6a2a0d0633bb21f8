import { type Engine, engineFault } from './engine.ts'

/** Refreshes one index on demand, and only after we wrote: many lists without a write between them cost one refresh. */
export function refreshing(engine: Engine, index: string) {
  let unseen = false
  let underWay: Promise<void> | undefined

  async function refresh(): Promise<void> {
    unseen = false
    try {
      const answer = await engine.send({ method: 'POST', path: `/${index}/_refresh`, query: 'filter_path=_shards.failed' })
      // 403: without permission to refresh, a list is as fresh as the engine's refresh interval makes it
      if ([200, 403, 404].includes(answer.status)) return
      throw engineFault(`the search engine cannot refresh ${index}`, answer)
    } catch (error) {
      unseen = true
      throw error
    }
  }

  return {
    /** Notes that something was written, or may have been. */
    written(): void {
      unseen = true
    },

    /** Makes the writes of all programs visible to searches, or only our own that are not visible yet. */
    async now(whose: true | 'own'): Promise<void> {
      // writes since the running refresh began need another one
      while (underWay) await underWay
      if (whose === 'own' && !unseen) return
      underWay = refresh().finally(() => {
        underWay = undefined
      })
      await underWay
    }
  }
}
