import type { Hash } from '../image/facts.ts'
import type { ContainerRecord } from './document.ts'

/**
 * Returns what a record means as one text: id, version, digest, url and each architecture with its URL. Order, spacing, aliases, guard
 * URLs, unknown fields and facts are left out. A url that is absent, empty, null or a guard is null.
 */
export function fingerprintText(record: Pick<ContainerRecord, 'id' | 'url' | 'images' | 'members'>): string {
  const images = [...record.images].sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([record.id, saidOf(record, 'version'), saidOf(record, 'digest'), record.url ?? null, images])
}

/** Returns the SHA-256 of that text, hexadecimal. Two records with the same fingerprint mean the same. */
export const fingerprintOf = (record: Parameters<typeof fingerprintText>[0], hash: Hash): string => hash(fingerprintText(record))

/** Returns a field's value as text: another program may have written a number. */
export function saidOf({ members }: Pick<ContainerRecord, 'members'>, field: string): string | null {
  const text = members.get(field)
  if (text === undefined || text === 'null') return null
  return text.startsWith('"') ? (JSON.parse(text) as string) : text
}
