import { CatalogueError } from './errors.ts'

/** In bytes of UTF-8; the same for both stores. */
export const limits = {
  id: 512,
  url: 8 * 1024,
  urls: 64 * 1024,
  version: 1024,
  digest: 1024,
  specification: 8 * 1024 * 1024
} as const

/** Returns the length of a string in bytes of UTF-8. A lone surrogate counts as three, as it is written as U+FFFD. */
export const utf8Length = (text: string): number => Buffer.byteLength(text)

/** Throws parameter_invalid when a parameter is longer than its limit. */
export function checkLength(name: keyof typeof limits, value: string, shown: string = name): string {
  const length = utf8Length(value)
  if (length > limits[name]) {
    throw new CatalogueError('parameter_invalid', `${shown} has ${length} bytes; at most ${limits[name]} are allowed`)
  }
  return value
}

/** Returns an id that both stores and every engine accept: 1 to 512 bytes of UTF-8, not `.` or `..`. Throws id_invalid. */
export function checkId(id: string, shown = 'id'): string {
  const found = problemOf(id)
  if (!found) return id
  throw new CatalogueError('id_invalid', `${shown} ${found}; expected 1 to ${limits.id} bytes of UTF-8, not "." or ".."`)
}

/** Returns whether a store can hold a document with this id. */
export const isStorableId = (id: string): boolean => problemOf(id) === undefined

function problemOf(id: string): string | undefined {
  if (id === '') return 'is empty'
  if (id === '.' || id === '..') return `is ${JSON.stringify(id)}`
  const length = utf8Length(id)
  if (length > limits.id) return `has ${length} bytes`
  return halfPair.test(id) ? 'contains half of a surrogate pair, which is not text' : undefined
}

const halfPair = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/
