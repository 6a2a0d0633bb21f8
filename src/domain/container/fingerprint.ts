import type { Hash } from '../image/facts.ts'
import type { ContainerRecord } from './document.ts'

/**
 * What a record means, as one text: id, version, digest, url and each architecture with its URL. Order, spacing and aliases are not in
 * it, nor are guard URLs, unknown fields, or anything that was learnt later. A url that is absent, empty, null or a guard is none.
 */
export function fingerprintText(record: Pick<ContainerRecord, 'id' | 'url' | 'images' | 'members'>): string {
  const images = [...record.images].sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([record.id, saidOf(record, 'version'), saidOf(record, 'digest'), record.url ?? null, images])
}

/** SHA-256 over that text, as hexadecimal digits. Two records with the same one mean the same. */
export const fingerprintOf = (record: Parameters<typeof fingerprintText>[0], hash: Hash): string => hash(fingerprintText(record))

/** A field as the document has it: others may have written a number, and then another one. */
export function saidOf({ members }: Pick<ContainerRecord, 'members'>, field: string): string | null {
  const text = members.get(field)
  if (text === undefined || text === 'null') return null
  return text.startsWith('"') ? (JSON.parse(text) as string) : text
}
