import { decodeText } from './tar-header.ts'

/** What a PAX header says about the next member. An absent or empty value leaves the member's own header as it is. */
export type PaxRecords = ReadonlyMap<string, string>

/** Parses a PAX header; the last record with a key counts. Undefined where Go refuses it: for lengths that do not add up, or invalid values. */
export function parsePax(body: Buffer): PaxRecords | undefined {
  const records = new Map<string, string>()
  const sparseMap: string[] = []
  for (let at = 0; at < body.length; ) {
    const record = recordAt(body, at)
    if (record === undefined) return undefined
    const { key, value, end } = record
    if (sparseParts.has(key)) {
      // sparse format 0.0 has a pair of records for each fragment, in order
      if (sparseParts.get(key) !== sparseMap.length % 2 || value.includes(',')) return undefined
      sparseMap.push(value)
    } else if (isWanted(key)) {
      if (value !== '' && kinds.get(key)?.(value) === false) return undefined
      records.set(key, value)
    }
    at = end
  }
  if (sparseMap.length > 0) records.set('GNU.sparse.map', sparseMap.join(','))
  return records
}

/** Returns a record, and where the next one begins. */
function recordAt(body: Buffer, at: number): { key: string; value: string; end: number } | undefined {
  const space = body.indexOf(0x20, at)
  if (space === -1 || space - at > 24) return undefined
  const digits = body.toString('latin1', at, space)
  const length = Number(digits)
  const end = at + length
  if (!/^\+?[0-9]+$/.test(digits) || length < 5 || end > body.length || end <= space + 1 || body[end - 1] !== 0x0a) return undefined
  const equals = body.indexOf(0x3d, space + 1)
  if (equals === -1 || equals >= end || equals === space + 1) return undefined
  const key = decodeText(body.subarray(space + 1, equals))
  // extended attributes may be large and are not needed
  const value = isWanted(key) ? decodeText(body.subarray(equals + 1, end - 1)) : ''
  return key.includes('\0') ? undefined : { key, value, end }
}

/** The keys of a pair, by their position in it. */
const sparseParts = new Map([
  ['GNU.sparse.offset', 0],
  ['GNU.sparse.numbytes', 1]
])

/** Parses a 64-bit integer in decimal digits, as Go's ParseInt does. Undefined when it is invalid. */
function parseInt64(text: string): bigint | undefined {
  if (!/^[+-]?[0-9]{1,40}$/.test(text)) return undefined
  const value = BigInt(text.replace(/^\+/, ''))
  return BigInt.asIntN(64, value) === value ? value : undefined
}

/** Parses a count of bytes: an integer that is not negative and can be represented exactly. */
export function parseByteCount(text: string): number | undefined {
  const value = parseInt64(text)
  return value === undefined || value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(value)
}

const isText = (value: string) => !value.includes('\0')
const isInteger = (value: string) => parseInt64(value) !== undefined
const isTime = (value: string) => /^[^.]*(\.[0-9]*)?$/.test(value) && isInteger(value.split('.')[0]!)

/** Validates the values of records by their keys. */
const kinds: ReadonlyMap<string, (value: string) => boolean> = new Map([
  ...['path', 'linkpath', 'uname', 'gname'].map((key) => [key, isText] as const),
  ...['uid', 'gid'].map((key) => [key, isInteger] as const),
  ...['atime', 'mtime', 'ctime'].map((key) => [key, isTime] as const)
])

const isWanted = (key: string): boolean => kinds.has(key) || key === 'size' || key.startsWith('GNU.sparse.')
