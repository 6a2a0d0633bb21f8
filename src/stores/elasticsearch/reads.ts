import { setTimeout as sleep } from 'node:timers/promises'
import { CatalogueError } from '../../domain/errors.ts'
import { itemsAt, membersAt } from '../../domain/json/json-scan.ts'
import { limits } from '../../domain/limits.ts'
import { coalesce } from '../coalesce.ts'
import type { StoredDocument } from '../document-store.ts'
import { documentPath, type Engine, engineFault } from './engine.ts'
import type { IndexState, IndexWatch } from './index-state.ts'
import { type EngineError, isIndexMissing, isPassing } from './refusals.ts'

/** The most bytes that one request asks for, by guess: hundreds of specifications of 8 MB would overload an engine and block others. */
const mostBytes = 32 * 1024 * 1024

/** Joins point reads: at most two requests are in progress, and others queue for the next `_mget`. GETs would cost three times as much. */
export function batchedReads(engine: Engine, { index, watch }: { index: string; watch: IndexWatch }) {
  // the assumed size of an unread document: that of recent documents, and initially the largest allowed
  let likely: number = limits.specification
  const read = coalesce<string, StoredDocument | undefined>({
    maxItems: 250,
    sizeOf: () => likely,
    maxSize: mostBytes,
    concurrency: 2,
    // slightly longer than the engine's patience, so that its own error comes first
    patienceMs: engine.patienceMs + 250,
    async run(ids, { since }) {
      // read before the documents: a revision may name an outdated index, but never one newer than the document
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

  /** Reads one document: a GET costs the engine less than an `_mget` of one. Returns errors in the form of an `_mget` item, too. */
  async function point(id: string, deadline: number): Promise<string> {
    const answer = await engine.send({ method: 'GET', path: documentPath(index, id), deadline })
    if ((answer.status === 200 && answer.body !== '') || /^\{"(error|_index)":/.test(answer.body)) return answer.body
    throw unreadable(answer)
  }

  const unreadable = ({ body }: { body: string }) => engineFault(`the search engine cannot read ${index}`, { body })

  // retried outside the batch, so that a recovering shard does not hold up reads of other shards
  return async (id: string): Promise<StoredDocument | undefined> => {
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

/** Returns the document of one hit of `_mget` or of a search. `_source` is cut out byte for byte. */
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

/** Returns the error of an item: `_mget` reports a closed index or a lost shard inside a 200. */
function readError(error: EngineError): CatalogueError | undefined {
  if (isIndexMissing(error)) return undefined
  return new CatalogueError('store_unavailable', `the search engine could not read: ${error.type}: ${error.reason}`, { cause: error })
}
