import { blockSize, type Field, paddingOf } from './tar-header.ts'

/** Returns a reproducible header for a regular file; the name must be short and ASCII. */
export function tarHeaderOf(name: string, size: number): Buffer {
  const header = Buffer.alloc(blockSize)
  const octal = (value: number, { at, length }: Field) => header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1')
  header.write(name, 0, 100, 'latin1')
  octal(0o644, { at: 100, length: 8 })
  octal(0, { at: 108, length: 8 })
  octal(0, { at: 116, length: 8 })
  if (size < 8 ** 11) octal(size, { at: 124, length: 12 })
  else writeLarge(header, size)
  octal(0, { at: 136, length: 12 })
  header.write('        0', 148, 'latin1')
  header.write('ustar\x0000', 257, 'latin1')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return header
}

/** Sizes from 8 GiB on do not fit in octal digits; base 256 is GNU tar's form, which all readers accept. */
function writeLarge(header: Buffer, size: number): void {
  header[124] = 0x80
  header.writeBigUInt64BE(BigInt(size), 128)
}

export const paddingAfter = (size: number): Buffer => Buffer.alloc(paddingOf(size))

/** Returns a whole file: header, content and padding. */
export const tarFileOf = (name: string, content: Buffer): Buffer =>
  Buffer.concat([tarHeaderOf(name, content.length), content, paddingAfter(content.length)])

/** Two empty blocks. */
export const tarEnd = Buffer.alloc(2 * blockSize)
