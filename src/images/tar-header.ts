import { isUtf8 } from 'node:buffer'

export const blockSize = 512

export interface TarHeader {
  name: string
  target: string
  size: number
  /** The type flag: a character; NUL for a file or, in old tars, for a directory whose name ends in "/". */
  flag: string
  /** An old GNU sparse file whose map goes on in the next block. */
  sparseContinues: boolean
}

export const isZeroBlock = (block: Buffer): boolean => block.equals(zeroBlock)

const zeroBlock = Buffer.alloc(blockSize)

/** Whether a block is a tar header: its checksum tells, as its magic need not be there. */
export function isTarHeader(block: Buffer): boolean {
  if (block.length < blockSize) return false
  const stored = parseNumber(block.subarray(148, 156))
  if (stored === undefined) return false
  let unsigned = 8 * 32
  let signed = unsigned
  for (let i = 0; i < blockSize; i++) {
    if (i === 148) i = 156
    const byte = block[i]!
    unsigned += byte
    signed += byte > 127 ? byte - 256 : byte
  }
  // some old tars summed signed characters; Go's reader, which Docker uses, takes both
  return stored === unsigned || stored === signed
}

/** The header in a block, or undefined when one of its numbers makes no sense. */
export function parseTarHeader(block: Buffer): TarHeader | undefined {
  const size = parseNumber(block.subarray(124, 136))
  if (size === undefined) return undefined
  const flag = String.fromCharCode(block[156]!)
  const name = cString(block, { at: 0, length: 100 })
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? cString(block, { at: 345, length: 155 }) : ''
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    target: cString(block, { at: 157, length: 100 }),
    size,
    flag,
    sparseContinues: flag === 'S' && block[482] !== 0
  }
}

/** Octal digits between spaces and NULs, or base 256 as GNU writes large numbers. Undefined when it is neither, negative or too large. */
export function parseNumber(field: Buffer): number | undefined {
  const first = field[0]!
  if ((first & 0x80) !== 0) {
    if ((first & 0x40) !== 0) return undefined
    let value = first & 0x3f
    for (let i = 1; i < field.length; i++) value = value * 256 + field[i]!
    return Number.isSafeInteger(value) ? value : undefined
  }
  const [, digits] = /^[ \0]*([0-7]*)[ \0]*$/.exec(field.toString('latin1')) ?? []
  return digits === undefined ? undefined : digits === '' ? 0 : Number.parseInt(digits, 8)
}

/** The records of a PAX header, a later one winning. Undefined when their lengths do not add up, as Go's reader refuses them. */
export function parsePax(body: Buffer): Map<string, string> | undefined {
  const records = new Map<string, string>()
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(0x20, at)
    if (space === -1 || space - at > 12) return undefined
    const digits = body.toString('latin1', at, space)
    const end = at + Number(digits)
    if (!/^[0-9]+$/.test(digits) || end > body.length || end <= space + 1 || body[end - 1] !== 0x0a) return undefined
    const equals = body.indexOf(0x3d, space + 1)
    if (equals === -1 || equals >= end) return undefined
    const key = decodeText(body.subarray(space + 1, equals))
    if (wanted.test(key)) records.set(key, decodeText(body.subarray(equals + 1, end - 1)))
    at = end
  }
  return records
}

// the rest (times, owners, extended attributes) says nothing about what a file is
const wanted = /^(path|linkpath|size|GNU\.sparse\.(name|major|map))$/

/** Text as UTF-8; what is not UTF-8 has each byte beyond ASCII escaped, so that two different names stay different. */
export function decodeText(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8')
  return bytes.toString('latin1').replace(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`)
}

function cString(block: Buffer, { at, length }: { at: number; length: number }): string {
  const nul = block.indexOf(0, at)
  return decodeText(block.subarray(at, nul === -1 ? at + length : Math.min(nul, at + length)))
}
