import { setTimeout as sleep } from 'node:timers/promises'
import { CatalogueError } from '../../domain/errors.ts'
import { itemsAt, membersAt } from '../../domain/json/json-scan.ts'
import { limits } from '../../domain/limits.ts'
import { coalesce } from '../coalesce.ts'
import type { StoredDocument } from '../document-store.ts'
import { documentPath, type Engine, reasonOf } from './engine.ts'
import type { IndexState, IndexWatch } from './index-state.ts'
import { type EngineError, isIndexMissing, isPassing } from './refusals.ts'

/** Asked for at once, as far as sizes can be guessed: on hundreds of specifications of 8 MB an engine chokes, and all reads with it. */
const mostBytes = 32 * 1024 * 1024

/** Concurrent point reads, joined: two requests under way at most, the rest gathers for the next `_mget`. A GET each would cost thrice as much. */
export function batchedReads(
  engine: Engine,
  { index, watch }: { index: string; watch: IndexWatch }
): (id: string) => Promise<StoredDocument | undefined> {
  // what an unread document is taken for: as large as others were lately, and at first as large as it may be
  let likely: number = limits.specification
  const read = coalesce<string, StoredDocument | undefined>({
    maxItems: 250,
    sizeOf: () => likely,
    maxSize: mostBytes,
    concurrency: 2,
    // the engine's own words come first
    patienceMs: engine.patienceMs + 250,
    async run(ids, { since }) {
      // before the documents: a revision may only ever name an index that is too old
      const state = await watch.recent()
      if (!state) return ids.map(() => undefined)
      const deadline = since + engine.patienceMs
      if (ids.length === 1) return [readItem(await point(ids[0]!, deadline), state)]
      const answer = await engine.send({ method: 'POST', path: `/${index}/_mget`, body: `{"ids":${JSON.stringify(ids)}}`, deadline })
      if (answer.status !== 200) throw unreadable(answer)
      const items = itemsAt(answer.body, answer.body.indexOf('['))
      likely = Math.max(likely / 2, ...items.map(({ length }) => length))
      return items.map((item) => readItem(item, state))
    }
  })

  /** One document: a GET costs the engine less than an `_mget` of one. What is wrong with it has the form of an item, too. */
  async function point(id: string, deadline: number): Promise<string> {
    const answer = await engine.send({ method: 'GET', path: documentPath(index, id), deadline })
    if ((answer.status === 200 && answer.body !== '') || /^\{"(error|_index)":/.test(answer.body)) return answer.body
    throw unreadable(answer)
  }

  const unreadable = ({ body }: { body: string }) =>
    new CatalogueError('store_unavailable', `the search engine cannot read ${index}: ${reasonOf(body)}`)

  // outside the batch, so that a shard on its way back does not hold up reads of the others
  return async (id) => {
    const deadline = Date.now() + engine.patienceMs
    for (let pause = 25; ; pause = Math.min(pause * 2, 500)) {
      try {
        return await read(id)
      } catch (error) {
        if (!(error instanceof CatalogueError && isPassing(error.cause ?? {})) || Date.now() + pause >= deadline) throw error
        await sleep(pause)
      }
    }
  }
}

/** One hit of `_mget` or of a search. `_source` is cut out as it stands. */
export function readItem(item: string, state: IndexState): StoredDocument | undefined | CatalogueError {
  const members = membersAt(item, 0)
  const document = members.get('_source')
  const error = members.get('error')
  if (error) return readError(JSON.parse(error))
  if (members.get('found') === 'false' || document === undefined) return undefined
  return {
    id: JSON.parse(members.get('_id')!),
    document,
    revision: `${state.uuid}.${members.get('_seq_no')}.${members.get('_primary_term')}`
  }
}

/** `_mget` reports a closed index or a lost shard in an item of a 200. */
function readError(error: EngineError): CatalogueError | undefined {
  if (isIndexMissing(error)) return undefined
  return new CatalogueError('store_unavailable', `the search engine could not read: ${error.type}: ${error.reason}`, { cause: error })
}
