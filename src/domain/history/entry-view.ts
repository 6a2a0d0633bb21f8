import type { HistoryEntry } from '../../schemas.ts'
import { inTableOrder } from '../architecture.ts'
import { type ContainerRecord, fromDocument } from '../container/document.ts'
import { maskSecrets } from '../secrets.ts'
import type { JournalEntry } from './entry.ts'

/** Keeps lists and streams readable, however large a document was. */
const longest = { summary: 2000, short: 200, urlsShown: 20 }

/** Returns an entry as people and programs read it: before and after in a few words, without whole documents and without secrets. */
export function toEntryView(entry: JournalEntry): HistoryEntry {
  const { reason, identity = null, ...by } = entry.by
  return {
    ...entry,
    by: { ...by, identity },
    reason,
    summary: bounded(maskSecrets(entry.summary), longest.summary),
    before: inShort(entry, entry.before),
    after: inShort(entry, entry.after)
  }
}

/** Returns a document of the entry's kind in a few words; null where there was none. */
function inShort({ kind, container }: Pick<JournalEntry, 'kind' | 'container'>, document: string | null): string | null {
  if (document === null) return null
  if (kind === 'record') return bounded(maskSecrets(recordInShort(fromDocument(container, document))), longest.short)
  return bounded(maskSecrets(otherInShort(JSON.parse(document))), longest.short)
}

/** `v1.0: amd64, arm64` */
export function recordInShort({ version, images, url }: Pick<ContainerRecord, 'version' | 'images' | 'url'>): string {
  const architectures = inTableOrder(images.keys())
  const shown = architectures.slice(0, longest.urlsShown).join(', ')
  const more = architectures.length > longest.urlsShown ? ` and ${architectures.length - longest.urlsShown} more` : ''
  return `${version ?? 'no version'}: ${shown + more || (url === undefined ? 'no image' : 'one image')}`
}

/** `complete`; `failed: exit status 1`; `amd64, arm64`; else the JSON. */
function otherInShort(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const { state, status, reason, architectures } = value as { [name: string]: unknown }
  const word = status ?? state
  if (typeof word === 'string') return typeof reason === 'string' && reason !== '' ? `${word}: ${reason}` : word
  const list = Array.isArray(value) ? value : architectures
  if (Array.isArray(list) && list.every((one) => typeof one === 'string')) return list.join(', ') || 'none'
  return JSON.stringify(value)
}

const bounded = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text)
