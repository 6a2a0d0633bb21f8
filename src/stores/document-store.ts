import type { Condition, Sort } from '../domain/json/query.ts'

/** A document as it is in the store. */
export interface StoredDocument {
  id: string
  /** The JSON text, byte for byte as any program stored it. */
  document: string
  /**
   * The store's version of the document, for compare-and-swap: `<store or index uuid, 8 characters>.<seq_no>.<primary_term>`. Every write
   * changes it, and no revision is ever used again, even when the index is deleted and filled again.
   */
  revision: string
}

/** What must be stored for a write or a removal to happen. */
export type WriteCondition = { absent: true } | { revision: string }

export interface DocumentQuery {
  where?: readonly Condition[]
  /** Ties, and lists without a sort, are ordered by id, compared as UTF-8 bytes. */
  sort?: Sort
  /** 1 to 1000 documents a page. */
  limit: number
  /** `next` of the previous page, with the same conditions and sort. */
  cursor?: string
  /** Includes recent writes, for which the engine refreshes its index; `own`: only those made through this object, free if there are none. */
  fresh?: boolean | 'own'
}

/** One document of a scan. */
export interface Scanned {
  id: string
  revision: string
  /** In the order of the requested fields; '' where the document has no string of 1 to 256 characters. */
  values: string[]
}

export interface Page {
  items: StoredDocument[]
  /** The cursor of the next page; absent on the last one. A page may be short, or empty, and still have a next one. */
  next?: string
}

/**
 * One collection of JSON documents by id. test/stores/contract.ts defines its behaviour. Every method throws store_unavailable, with the
 * cause, when the store cannot answer within the configured patience. An acknowledged write is durable.
 */
export interface DocumentStore {
  /** Reads in real time, including the latest writes of other programs. Returns undefined for an id that the store cannot hold. */
  get(id: string): Promise<StoredDocument | undefined>

  /** Returns the documents of many ids, in the order of the ids. */
  getMany(ids: readonly string[]): Promise<(StoredDocument | undefined)[]>

  /** Creates or replaces. Throws already_exists or revision_conflict when the condition is unmet, document_refused, id_invalid, store_full. */
  put(id: string, document: string, expected?: WriteCondition): Promise<{ created: boolean; revision: string }>

  /** Returns whether there was one to remove. Throws revision_conflict. */
  remove(id: string, expected?: { revision: string }): Promise<boolean>

  /**
   * Returns one page. Paging neither misses nor repeats a document that did not change meanwhile. On an engine, writes within the last
   * refresh interval may not be visible yet, unless the query is `fresh`. Documents whose id is too long for an engine to sort come last,
   * in no particular order. Throws cursor_invalid.
   */
  list(query: DocumentQuery): Promise<Page>

  /** Makes all earlier writes, by any program, visible to lists and `ids`. For callers that a stale list would mislead. */
  refresh(): Promise<void>

  /** Yields every id once, in batches, in no particular order. Memory use does not grow with the number of ids. */
  ids(): AsyncIterable<string[]>

  /**
   * Yields the id, the revision and some indexed fields of every document, in batches, in no particular order. Cheap compared with reading
   * the documents. On an engine, it shows the state of the last refresh. Memory use does not grow with the number of documents.
   */
  scan(fields: readonly string[]): AsyncIterable<Scanned[]>

  /** Returns what an engine answers to `GET <index>/_doc/<id>`, for operators: the JSON text, and whether the document was found. */
  describe(id: string, options: { pretty: boolean }): Promise<{ found: boolean; body: string }>
}

type Operation<Given extends unknown[], Result> = (...given: Given) => Promise<Result>
type Walk<Given extends unknown[], Batch> = (...given: Given) => AsyncIterable<Batch>

export interface StoreWrapper {
  operation<Given extends unknown[], Result>(operation: Operation<Given, Result>, name: string): Operation<Given, Result>
  /** Wraps `ids` and `scan`. */
  walk<Given extends unknown[], Batch>(walk: Walk<Given, Batch>, name: string): Walk<Given, Batch>
}

/** Returns a store whose methods are those of another, each of them wrapped. */
export const wrappedStore = (store: DocumentStore, { operation, walk }: StoreWrapper): DocumentStore => ({
  get: operation(store.get, 'get'),
  getMany: operation(store.getMany, 'getMany'),
  put: operation(store.put, 'put'),
  remove: operation(store.remove, 'remove'),
  list: operation(store.list, 'list'),
  refresh: operation(store.refresh, 'refresh'),
  describe: operation(store.describe, 'describe'),
  ids: walk(store.ids, 'ids'),
  scan: walk(store.scan, 'scan')
})

export interface Health {
  ok: boolean
  /** Why the store is not healthy; absent when it is. */
  reason?: string
}

/** The collections, by the names that they have in tables, indices and metrics. */
export const tableNames = {
  containers: 'containers',
  jobSpecs: 'job_specs',
  hysdsIos: 'hysds_ios',
  /** What is known about images. This and the following collections are Leporello's own, the ones before it HySDS's. */
  facts: 'facts',
  /** Tasks to do. */
  tasks: 'tasks',
  /** What is expected of each container, its builds, and its pending images. */
  buildStatuses: 'assemblies',
  /** The journal: one entry for each change. Entries never change. */
  journal: 'journal',
  /** A summary of each container, which lists are filtered by. It is derived from the other collections, which are authoritative. */
  summaries: 'summaries',
  /** How often machines requested each architecture. */
  demand: 'demand',
  /** Which replica holds each task that only one replica may do at a time. */
  leases: 'leases',
  /** Channels, their promotions, frozen releases, and Containerfiles by digest. */
  releases: 'releases',
  /** What `/v2/` keeps: manifests, tags that were pushed, and which repository has which blob. */
  oci: 'oci'
} as const

export type Collection = keyof typeof tableNames

/** Makes a store for each collection. */
export const perCollection = (storeOf: (collection: Collection) => DocumentStore): Record<Collection, DocumentStore> =>
  Object.fromEntries(Object.keys(tableNames).map((name) => [name, storeOf(name as Collection)])) as Record<Collection, DocumentStore>

/** The collections of one engine or one data directory. */
export interface Stores extends Record<Collection, DocumentStore> {
  /**
   * Migrates indices or tables to this program's version, and returns the migrations it applied, in order. Repeatable, never destructive,
   * and safe from several replicas at once. Throws database_newer with both versions, store_unavailable. Call nothing else before it has
   * succeeded.
   */
  migrate(): Promise<{ version: number; applied: string[] }>
  health(): Promise<Health>
  /** Returns name and version, such as `opensearch 2.19.6`. Throws store_unavailable. */
  engine(): Promise<string>
  /** Waits for writes in progress. */
  close(): Promise<void>
}
