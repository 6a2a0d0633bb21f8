import type { Condition, Sort } from '../domain/json/query.ts'

/** A document as it stands in the store. */
export interface StoredDocument {
  id: string
  /** The JSON text, byte for byte as it was stored, by whomever. */
  document: string
  /**
   * The store's version of it, for compare-and-swap: `<store or index uuid, 8 characters>.<seq_no>.<primary_term>`. It changes with
   * every write and never comes back, even when somebody deletes the index and fills it again.
   */
  revision: string
}

/** When a write or a removal may happen. Absent: always. */
export type WriteCondition = { absent: true } | { revision: string }

export interface DocumentQuery {
  where?: readonly Condition[]
  /** Ties, and lists without a sort, are in the order of ids by bytes of UTF-8. */
  sort?: Sort
  /** 1 to 1000 documents a page. */
  limit: number
  /** `next` of the page before, with the same conditions and sort. */
  cursor?: string
  /**
   * Shows what was written before it was asked, too, at a price: an engine is told to refresh its index. `own`: what was written through
   * this very object, which costs nothing where nothing was.
   */
  fresh?: boolean | 'own'
}

/** What a scan tells of a document. */
export interface Scanned {
  id: string
  revision: string
  /** In the order of the fields that were asked for; '' where the document has no string of 1 to 256 characters. */
  values: string[]
}

export interface Page {
  items: StoredDocument[]
  /** Where to go on; absent on the last page. A page may be short, or empty, and still have a next one. */
  next?: string
}

/**
 * One collection of JSON documents by id. test/stores/contract.ts is its definition. Every method throws store_unavailable, with its
 * cause, within the configured patience when the store cannot answer; an acknowledged write is durable.
 */
export interface DocumentStore {
  /** Realtime: also what another program wrote a moment ago. An id that the store cannot hold is absent. */
  get(id: string): Promise<StoredDocument | undefined>

  /** The same for many, each in its place. */
  getMany(ids: readonly string[]): Promise<(StoredDocument | undefined)[]>

  /**
   * Creates or replaces. Throws already_exists or revision_conflict when the expectation does not hold, document_refused when the
   * store will not take this document, id_invalid, store_full.
   */
  put(id: string, document: string, expected?: WriteCondition): Promise<{ created: boolean; revision: string }>

  /** Whether there was one to remove. Throws revision_conflict. */
  remove(id: string, expected?: { revision: string }): Promise<boolean>

  /**
   * One page. Walking from page to page neither misses nor repeats a document that stood unchanged meanwhile. On an engine, what was
   * written within its refresh interval may not show yet, unless it shall be `fresh`. Documents whose id is longer than an engine sorts come last, in no order.
   * Throws cursor_invalid.
   */
  list(query: DocumentQuery): Promise<Page>

  /** From then on lists, and `ids`, show what was written before, by whomever. For what a list that lags behind would get wrong. */
  refresh(): Promise<void>

  /** Every id, in batches, in no order; each id once. Memory does not grow with their number. */
  ids(): AsyncIterable<string[]>

  /**
   * Every document's id and revision, with some fields of it that are indexed, in batches, in no order. Cheap beside reading them; on an
   * engine as of its last refresh. Memory does not grow with their number.
   */
  scan(fields: readonly string[]): AsyncIterable<Scanned[]>

  /** `GET <index>/_doc/<id>` as an engine answers it, for operators: the JSON text, and whether the document was found. */
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
  /** What we know about images: our own, and so is what follows. */
  facts: DocumentStore
  /** What is to be done. */
  tasks: DocumentStore
  /** What is expected of a container, its builds, and the images that wait for others. */
  buildStatuses: DocumentStore
  /** What happened, once for each change; nothing in it is changed later. */
  journal: DocumentStore
  /** A row for each container, to filter lists by: made from the others, and never the truth. */
  summaries: DocumentStore
  /** Which architectures machines asked for. */
  demand: DocumentStore
  /** Which replica does what only one shall do. */
  leases: DocumentStore
  /**
   * Brings indices or tables to this program's version: what was applied now, in order. Repeatable, never destructive, safe from several
   * replicas at once. Throws database_newer with both versions, store_unavailable. Before it has succeeded nothing else may be called.
   */
  migrate(): Promise<{ version: number; applied: string[] }>
  health(): Promise<Health>
  /** Name and version, such as `opensearch 2.19.6`. Throws store_unavailable. */
  engine(): Promise<string>
  /** Waits for writes under way. */
  close(): Promise<void>
}
