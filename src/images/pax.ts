import { decodeText } from './tar-header.ts'

/** What a PAX header says about the member behind it. A value that is absent or empty leaves the member's own header as it is. */
export type PaxRecords = ReadonlyMap<string, string>

/**
 * The records of a PAX header, the last of a kind winning. Undefined where Go refuses them: when their lengths do not add up, or a value
 * is not of its kind.
 */
export function parsePax(body: Buffer): PaxRecords | undefined {
  const records = new Map<string, string>()
  const sparseMap: string[] = []
  for (let at = 0; at < body.length; ) {
    const record = recordAt(body, at)
    if (record === undefined) return undefined
    const { key, value, end } = record
    if (sparseParts.has(key)) {
      // sparse format 0.0: a pair of records for each piece of data, in order
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

interface PaxRecord {
  key: string
  value: string
  /** Where the next one begins. */
  end: number
}

function recordAt(body: Buffer, at: number): PaxRecord | undefined {
  const space = body.indexOf(0x20, at)
  if (space === -1 || space - at > 24) return undefined
  const digits = body.toString('latin1', at, space)
  const length = Number(digits)
  const end = at + length
  if (!/^\+?[0-9]+$/.test(digits) || length < 5 || end > body.length || end <= space + 1 || body[end - 1] !== 0x0a) return undefined
  const equals = body.indexOf(0x3d, space + 1)
  if (equals === -1 || equals >= end || equals === space + 1) return undefined
  const key = decodeText(body.subarray(space + 1, equals))
  // extended attributes may be large, and say nothing about what a file is
  const value = isWanted(key) ? decodeText(body.subarray(equals + 1, end - 1)) : ''
  return key.includes('\0') ? undefined : { key, value, end }
}

/** The parts of a pair, by their place in it. */
const sparseParts = new Map([
  ['GNU.sparse.offset', 0],
  ['GNU.sparse.numbytes', 1]
])

/** An integer of 64 bits in decimal digits, as Go's ParseInt takes it. Undefined when it is none. */
function parseInt64(text: string): bigint | undefined {
  if (!/^[+-]?[0-9]{1,40}$/.test(text)) return undefined
  const value = BigInt(text.replace(/^\+/, ''))
  return BigInt.asIntN(64, value) === value ? value : undefined
}

/** The same of what counts bytes: not negative, and exact as a number. */
export function parseCount(text: string): number | undefined {
  const value = parseInt64(text)
  return value === undefined || value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(value)
}

const isText = (value: string) => !value.includes('\0')
const isInteger = (value: string) => parseInt64(value) !== undefined
const isTime = (value: string) => /^[^.]*(\.[0-9]*)?$/.test(value) && isInteger(value.split('.')[0]!)

/** What the values of records must look like. */
const kinds: ReadonlyMap<string, (value: string) => boolean> = new Map([
  ['path', isText],
  ['linkpath', isText],
  ['uname', isText],
  ['gname', isText],
  ['uid', isInteger],
  ['gid', isInteger],
  ['atime', isTime],
  ['mtime', isTime],
  ['ctime', isTime]
])

const isWanted = (key: string): boolean => kinds.has(key) || key === 'size' || key.startsWith('GNU.sparse.')
