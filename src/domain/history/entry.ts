import type { Architecture } from '../architecture.ts'
import type { Hash } from '../image/facts.ts'

/** The request that caused a change, and why it was made. */
export interface Cause {
  face: 'mozart' | 'api' | 'dav' | 'oci' | 'ui' | 'background'
  /** Who sent it, such as `token:ci`; null for anonymous. Entries of versions that knew no identities have none. */
  identity?: string | null
  address: string | null
  /** User-Agent. */
  agent: string | null
  /** X-Request-Id. */
  request: string | null
  /** X-Reason. */
  reason: string | null
}

/** The cause of a change without a request. */
export function background(reason: string): Cause {
  return { face: 'background', identity: null, address: null, agent: null, request: null, reason }
}

/** record: the container's document. The others are about its build status, facts and state. */
export const entryKinds = ['record', 'expected', 'pending', 'build', 'test', 'verdict', 'state'] as const
export type EntryKind = (typeof entryKinds)[number]

/** What happened to a container: one entry for each change of meaning, which never changes. */
export interface JournalEntry {
  id: string
  container: string
  kind: EntryKind
  /** created, changed, removed, restored, noticed (by another program), … */
  what: string
  /** Its place among all entries: later ones are greater. */
  order: string
  /** ISO 8601. */
  at: string
  by: Cause
  architecture: Architecture | null
  /** In words, without secrets. */
  summary: string
  /** The record's revision after and before; null where there is none. */
  revision: string | null
  previous: string | null
  fingerprint: string | null
  /** Documents as JSON text, of the kind that the entry is about. */
  before: string | null
  after: string | null
}

/** Returns the id of the entry about one change of a record, so that several processes append it once. */
export const recordEntryId = (
  { container, revision, previous }: Pick<JournalEntry, 'container' | 'revision' | 'previous'>,
  hash: Hash
): string => hash(revision === null ? `removed\n${container}\n${previous}` : `record\n${container}\n${revision}`)

/** Entries of one moment are in the order of the store's sequence numbers, where they have one; a removal (x) follows what it removed (w). */
export function orderOf({ at, id, revision, previous }: Pick<JournalEntry, 'at' | 'id' | 'revision' | 'previous'>): string {
  const sequence = ((revision ?? previous)?.split('.')[1] ?? '').padStart(16, '0')
  return `${at}/${sequence}${revision === null ? 'x' : 'w'}/${id.slice(0, 8)}`
}

/** Returns the time in an order, in milliseconds. */
export const momentOf = (order: string): number => Date.parse(order.split('/', 1)[0]!)

export const toEntryDocument = (entry: JournalEntry): string => JSON.stringify(entry)

/** Returns undefined for a document of another kind. */
export function fromEntryDocument(document: string): JournalEntry | undefined {
  const entry = JSON.parse(document) as JournalEntry
  return typeof entry.container === 'string' && typeof entry.kind === 'string' && typeof entry.order === 'string' ? entry : undefined
}
