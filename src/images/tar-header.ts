import { isAscii, isUtf8 } from 'node:buffer'

export const blockSize = 512

/** The number of bytes that fill up the last block of a body of this size. */
export const paddingOf = (size: number): number => (blockSize - (size % blockSize)) % blockSize

export interface TarHeader {
  name: string
  target: string
  size: number
  /** Permission bits. */
  mode: number
  /** The type flag, one character. NUL stands for a file or, in old tars, for a directory if the name ends in "/". */
  flag: string
}

export const isZeroBlock = (block: Buffer): boolean => block.equals(zeroBlock)

const zeroBlock = Buffer.alloc(blockSize)

/** Whether a block is a tar header, judging by its checksum, because old headers have no magic. */
export function isTarHeader(block: Buffer): boolean {
  if (block.length < blockSize) return false
  const stored = parseOctal(block, fields.checksum)
  if (stored === undefined) return false
  let unsigned = 8 * 32
  let signed = unsigned
  for (let i = 0; i < blockSize; i++) {
    if (i === 148) i = 156
    const byte = block[i]!
    unsigned += byte
    signed += byte > 127 ? byte - 256 : byte
  }
  // some old tars added up signed characters; Go accepts both sums
  return stored === unsigned || stored === signed
}

export interface Field {
  at: number
  length: number
}

const field = (at: number, length: number): Field => ({ at, length })

const fields = {
  name: field(0, 100),
  mode: field(100, 8),
  size: field(124, 12),
  checksum: field(148, 8),
  target: field(157, 100),
  prefix: field(345, 155),
  starPrefix: field(345, 131),
  starTimes: [field(476, 12), field(488, 12)],
  gnuTimes: [field(345, 12), field(357, 12)],
  /** User, group and modification time, which every header has. */
  numbers: [field(108, 8), field(116, 8), field(136, 12)],
  devices: [field(329, 8), field(337, 8)]
}

type HeaderFormat = 'v7' | 'ustar' | 'star' | 'gnu'

function formatOf(block: Buffer): HeaderFormat {
  const magic = block.toString('latin1', 257, 265)
  if (magic.startsWith('ustar\0')) return block.toString('latin1', 508, 512) === 'tar\0' ? 'star' : 'ustar'
  return magic === 'ustar  \0' ? 'gnu' : 'v7'
}

/** Parses the header in a block. Undefined when one of its numbers is invalid, since Go then refuses the whole tar. */
export function parseTarHeader(block: Buffer): TarHeader | undefined {
  const size = parseNumber(block, fields.size)
  if (size === undefined || size < 0 || !Number.isSafeInteger(size)) return undefined
  const mode = parseNumber(block, fields.mode)
  const format = formatOf(block)
  if (mode === undefined || !areNumbers(block, fields.numbers)) return undefined
  if (format !== 'v7' && !areNumbers(block, fields.devices)) return undefined
  if (format === 'star' && !areNumbers(block, fields.starTimes)) return undefined
  const name = cString(block, fields.name)
  const prefix = prefixOf(block, format)
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    target: cString(block, fields.target),
    size,
    mode,
    flag: String.fromCharCode(block[156]!)
  }
}

const areNumbers = (block: Buffer, list: readonly Field[]): boolean => list.every((field) => parseNumber(block, field) !== undefined)

function prefixOf(block: Buffer, format: HeaderFormat): string {
  if (format === 'ustar') return cString(block, fields.prefix)
  if (format === 'star') return cString(block, fields.starPrefix)
  // before 1.8 Go wrote a prefix over the two times of GNU headers, and still reads it when the times are invalid
  if (format !== 'gnu' || fields.gnuTimes.every((time) => block[time.at] === 0 || parseNumber(block, time) !== undefined)) return ''
  const prefix = cString(block, fields.prefix)
  return isAscii(Buffer.from(prefix)) ? prefix : ''
}

/** Parses a number in octal digits, or in base 256 as GNU tar writes large and negative ones. Undefined when it is invalid or exceeds 63 bits. */
function parseNumber(block: Buffer, field: Field): number | undefined {
  const first = block[field.at]!
  if ((first & 0x80) === 0) return parseOctal(block, field)
  const inverted = (first & 0x40) !== 0 ? 0xff : 0
  let value = (first ^ inverted) & 0x7f
  for (let i = 1; i < field.length; i++) value = value * 256 + (block[field.at + i]! ^ inverted)
  if (value >= 2 ** 63) return undefined
  return inverted === 0 ? value : -value - 1
}

/** Parses octal digits between spaces and NULs as Go does: an empty field is 0, and anything after a NUL that follows the digits is ignored. */
function parseOctal(block: Buffer, { at, length }: Field): number | undefined {
  const end = at + length
  let i = at
  while (i < end && isBlank(block[i]!)) i++
  let value = 0
  for (; i < end; i++) {
    const digit = block[i]! - 0x30
    if (digit < 0 || digit > 7) break
    value = value * 8 + digit
  }
  if (i === end || block[i] === 0) return value
  while (i < end && isBlank(block[i]!)) i++
  return i === end ? value : undefined
}

const isBlank = (byte: number): boolean => byte === 0 || byte === 0x20

/** Decodes UTF-8. In text that is not UTF-8, bytes beyond ASCII are escaped, so that different names stay different. */
export function decodeText(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8')
  return bytes.toString('latin1').replace(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`)
}

function cString(block: Buffer, { at, length }: Field): string {
  const nul = block.indexOf(0, at)
  return decodeText(block.subarray(at, nul === -1 ? at + length : Math.min(nul, at + length)))
}
