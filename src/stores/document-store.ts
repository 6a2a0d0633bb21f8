import type { Condition, Sort } from '../domain/json/query.ts'

/** A document as it is in the store. */
export interface StoredDocument {
  id: string
  /** The JSON text, byte for byte as any program stored it. */
  document: string
  /**
   * The store's version of it, for compare-and-swap: `<store or index uuid, 8 characters>.<seq_no>.<primary_term>`. It changes with
   * every write and never comes back, even when the index is deleted and filled again.
   */
  revision: string
}

/** What must be stored for a write or a removal to happen. */
export type WriteCondition = { absent: true } | { revision: string }

export interface DocumentQuery {
  where?: readonly Condition[]
  /** Ties, and lists without a sort, are ordered by id, by bytes of UTF-8. */
  sort?: Sort
  /** 1 to 1000 documents a page. */
  limit: number
  /** `next` of the page before, with the same conditions and sort. */
  cursor?: string
  /**
   * Also shows what was written just before, at a price: the engine refreshes its index. `own` does so only for what was written through
   * this object, which costs nothing where nothing was.
   */
  fresh?: boolean | 'own'
}

/** What a scan returns of a document. */
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
 * One collection of JSON documents by id. test/stores/contract.ts is its definition. Every method throws store_unavailable, with its
 * cause, within the configured patience when the store cannot answer; an acknowledged write is durable.
 */
export interface DocumentStore {
  /** Reads in real time, including what another program just wrote. Returns undefined for an id that the store cannot hold. */
  get(id: string): Promise<StoredDocument | undefined>

  /** Does the same for many ids, and returns the documents in their order. */
  getMany(ids: readonly string[]): Promise<(StoredDocument | undefined)[]>

  /**
   * Creates or replaces a document. Throws already_exists or revision_conflict when the expectation does not hold, document_refused when the
   * store does not accept it, id_invalid, store_full.
   */
  put(id: string, document: string, expected?: WriteCondition): Promise<{ created: boolean; revision: string }>

  /** Returns whether there was one to remove. Throws revision_conflict. */
  remove(id: string, expected?: { revision: string }): Promise<boolean>

  /**
   * Returns one page. Walking from page to page neither misses nor repeats a document that did not change meanwhile. On an engine, what was
   * written within its refresh interval may not show yet, unless the query is `fresh`. Documents whose id is too long for an engine to sort
   * come last, in no order.
   * Throws cursor_invalid.
   */
  list(query: DocumentQuery): Promise<Page>

  /** Makes lists and `ids` show what any program wrote before. For callers that a list which lags behind would mislead. */
  refresh(): Promise<void>

  /** Yields every id once, in batches, in no order. Its memory does not grow with their number. */
  ids(): AsyncIterable<string[]>

  /**
   * Yields every document's id and revision, with some indexed fields of it, in batches, in no order. Cheap compared with reading them; on
   * an engine as of its last refresh. Its memory does not grow with their number.
   */
  scan(fields: readonly string[]): AsyncIterable<Scanned[]>

  /** Returns what an engine answers to `GET <index>/_doc/<id>`, for operators: the JSON text, and whether the document was found. */
  describe(id: string, options: { pretty: boolean }): Promise<{ found: boolean; body: string }>
}

export interface Health {
  ok: boolean
  /** In words, when not ok. */
  reason?: string
}

/** The collections of one engine or one data directory, HySDS's three first. */
export interface Stores {
  containers: DocumentStore
  jobSpecs: DocumentStore
  hysdsIos: DocumentStore
  /** What we know about images. This and the following are our own. */
  facts: DocumentStore
  /** Tasks to do. */
  tasks: DocumentStore
  /** What is expected of each container, its builds, and its pending images. */
  buildStatuses: DocumentStore
  /** What happened: one entry for each change, which never changes. */
  journal: DocumentStore
  /** A summary of each container, to filter lists by: made from the other collections, and never the truth. */
  summaries: DocumentStore
  /** Which architectures machines asked for. */
  demand: DocumentStore
  /** Which replica does what only one may do. */
  leases: DocumentStore
  /**
   * Brings indices or tables to this program's version, and returns what it applied, in order. Repeatable, never destructive, and safe from
   * several replicas at once. Throws database_newer with both versions, store_unavailable. Nothing else may be called before it succeeded.
   */
  migrate(): Promise<{ version: number; applied: string[] }>
  health(): Promise<Health>
  /** Returns name and version, such as `opensearch 2.19.6`. Throws store_unavailable. */
  engine(): Promise<string>
  /** Waits for writes under way. */
  close(): Promise<void>
}
