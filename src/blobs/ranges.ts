import { CatalogueError } from '../domain/errors.ts'
import type { ByteRange } from './blob-store.ts'

/** Returns the first and last byte of a range within a size. Throws range_invalid when it contains no byte. */
export function boundsOf(range: ByteRange | undefined, { key, size }: { key: string; size: number }): { first: number; last: number } {
  if (!range) return { first: 0, last: size - 1 }
  const first = 'suffix' in range ? Math.max(0, size - range.suffix) : range.first
  const last = 'suffix' in range ? size - 1 : Math.min(range.last ?? size - 1, size - 1)
  if (first > last || first < 0) {
    throw new CatalogueError('range_invalid', `${key} has ${size} bytes: none of them lies in the range ${rangeText(range)}`)
  }
  return { first, last }
}

/** Writes a range as HTTP does. */
export const rangeText = (range: ByteRange): string => ('suffix' in range ? `-${range.suffix}` : `${range.first}-${range.last ?? ''}`)
