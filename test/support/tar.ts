/** What a test's tar holds; a raw entry is written as it is. */
export interface Entry {
  name?: string
  body?: string | Buffer
  /** Type flag; a file unless told. */
  flag?: string
  target?: string
  /** What the header says, when that is not the body's length. */
  size?: number
  sizeField?: Buffer
  /** Permission bits; 755 unless told. */
  mode?: number
  /** Records of a PAX header before it; pairs where one key comes several times. */
  pax?: Record<string, string> | readonly [string, string][]
  /** Written instead of all else. */
  raw?: Buffer
}

const block = 512

export const pad = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((block - (bytes.length % block)) % block)])

export function tarHeader({ name = '', flag = '0', target = '', size = 0, sizeField, mode = 0o755 }: Entry): Buffer {
  const header = Buffer.alloc(block)
  header.write(name.slice(0, 100), 0, 'latin1')
  header.write(`${mode.toString(8).padStart(7, '0')}\0`, 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  if (sizeField !== undefined) sizeField.copy(header, 124)
  else header.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0', 136)
  header.write(flag, 156, 'latin1')
  header.write(target.slice(0, 100), 157, 'latin1')
  header.write('ustar\x0000', 257, 'latin1')
  return withChecksum(header)
}

export function withChecksum(header: Buffer): Buffer {
  header.write('        ', 148)
  let sum = 0
  for (const byte of header) sum += byte
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = Buffer.byteLength(rest)
  while (Buffer.byteLength(`${length}${rest}`) !== length) length = Buffer.byteLength(`${length}${rest}`)
  return `${length}${rest}`
}

export const paxEntry = (body: string | Buffer): Entry => ({ name: 'pax', flag: 'x', body })

function entryBytes(entry: Entry): Buffer {
  if (entry.raw !== undefined) return entry.raw
  const body = Buffer.from(entry.body ?? '')
  const { name = '', target = '' } = entry
  const long = {
    ...(Buffer.byteLength(name) > 100 && { path: name }),
    ...(Buffer.byteLength(target) > 100 && { linkpath: target })
  }
  const pax = [...Object.entries(long), ...(Array.isArray(entry.pax) ? entry.pax : Object.entries(entry.pax ?? {}))]
  const records = pax.map(([key, value]) => paxRecord(key, value))
  const before = records.length === 0 ? Buffer.alloc(0) : entryBytes(paxEntry(records.join('')))
  return Buffer.concat([before, tarHeader({ ...entry, size: entry.size ?? body.length }), pad(body)])
}

/** A tar of these entries, with the two empty blocks at its end. */
export const tar = (entries: readonly Entry[]): Buffer => Buffer.concat([...entries.map(entryBytes), Buffer.alloc(2 * block)])
