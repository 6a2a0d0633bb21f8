import { CatalogueError } from '../domain/errors.ts'
import type { BlobQuery } from './blob-store.ts'

/** Returns the cursor for an entry of a list: a blob's key, or a folder's key with a slash. A cursor holds the last place of a page. */
export const toCursor = (place: string): string => Buffer.from(place).toString('base64url')

export function parseCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined
  const place = Buffer.from(cursor, 'base64url').toString()
  if (place === '' || toCursor(place) !== cursor) {
    throw new CatalogueError('cursor_invalid', 'the cursor is not `next` of an earlier page')
  }
  return place
}

/** Checks that a prefix is not reserved for the adapters. Throws key_invalid, parameter_invalid. */
export function checkListQuery({ prefix = '', shallow, limit }: BlobQuery): void {
  const refuse = (what: string) => {
    throw new CatalogueError('key_invalid', `the prefix ${JSON.stringify(prefix.slice(0, 200))} ${what}`)
  }
  if (/^\/|\/\/|(?:^|\/)\.\.?(?:\/|$)/.test(prefix) || prefix.includes('\0')) refuse('is not the beginning of a path')
  if (shallow && prefix !== '' && !prefix.endsWith('/')) refuse('must end with a slash to name a folder')
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) throw new CatalogueError('parameter_invalid', 'limit must be 1 to 1000')
}
