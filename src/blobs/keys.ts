import { randomBytes } from 'node:crypto'
import { CatalogueError } from '../domain/errors.ts'
import { utf8Length } from '../domain/limits.ts'

/** Segments with this prefix are reserved for the adapters. */
export const reserved = '.leporello'

/** The marker of an explicitly created folder, which keeps the folder when it is empty. */
export const folderMarker = `${reserved}-folder`

// File systems allow names of 255 bytes; S3 allows keys of 1024 bytes, and its prefix needs room too.
const maxSegment = 255
const maxKey = 900

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const control = /[\u0000-\u001f\u007f-\u009f\ufffe\uffff]/
const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

function faultOf(key: string): string | undefined {
  if (key === '') return 'is empty'
  if (control.test(key) || loneSurrogate.test(key)) return 'holds a control character or half of a surrogate pair'
  if (utf8Length(key) > maxKey) return `has ${utf8Length(key)} bytes; at most ${maxKey} are allowed`
  for (const segment of key.split('/')) {
    if (segment === '') return 'has an empty segment: it may not begin or end with a slash, nor have two in a row'
    if (segment === '.' || segment === '..') return `has a segment ${JSON.stringify(segment)}`
    if (segment.startsWith(reserved)) return `has a segment that begins with ${reserved}, which the store keeps for itself`
    if (utf8Length(segment) > maxSegment) return `has a segment of ${utf8Length(segment)} bytes; at most ${maxSegment} are allowed`
  }
  return undefined
}

export const isKey = (key: string): boolean => faultOf(key) === undefined

/** Returns a key that every store accepts: segments of 1 to 255 bytes between single slashes, 900 bytes in all. Throws key_invalid. */
export function checkKey(key: string): string {
  const fault = faultOf(key)
  if (fault) throw new CatalogueError('key_invalid', `the path ${JSON.stringify(key.slice(0, 200))} ${fault}`)
  return key
}

/** Returns a name that nothing else has. */
export const uniqueName = (): string => randomBytes(16).toString('hex')
export const isUniqueName = (name: string): boolean => /^[0-9a-f]{32}$/.test(name)

/** Returns the folders that a key is in, the outermost first. */
export function parentsOf(key: string): string[] {
  const segments = key.split('/')
  return segments.slice(1).map((_, i) => segments.slice(0, i + 1).join('/'))
}
