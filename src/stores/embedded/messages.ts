import type { Collection, DocumentQuery, Scanned, StoredDocument, tableNames, WriteCondition } from '../document-store.ts'

/* The messages between the main thread and the worker. Errors are sent as plain objects, because a structured clone loses their class. */

export type Table = (typeof tableNames)[Collection]

export type WriteRequest =
  | { table: Table; id: string; document: string; expected?: WriteCondition | undefined }
  | { table: Table; id: string; document?: undefined; expected?: { revision: string } | undefined }

/** For a put: whether the document is new, and its new revision. For a removal: whether there was a document. */
export type Outcome = { created: boolean; revision: string } | { removed: boolean } | Refused

export interface Refused {
  refused: { code?: string | undefined; message: string; stack?: string | undefined }
}

export interface Calls {
  migrate: [request: Record<string, never>, answer: { version: number; applied: string[] }]
  write: [request: { writes: WriteRequest[] }, answer: Outcome[]]
  page: [request: { table: Table; query: DocumentQuery }, answer: { items: StoredDocument[]; next?: string }]
  ids: [request: { table: Table; after: string; limit: number }, answer: string[]]
  scan: [request: { table: Table; fields: readonly string[]; after: string; limit: number }, answer: Scanned[]]
  check: [request: Record<string, never>, answer: true]
  /** Writes the log into the database and closes the file. */
  release: [request: Record<string, never>, answer: true]
}
