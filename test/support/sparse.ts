import type { Entry } from './tar.ts'

/** Bytes of a sparse file, where they belong. */
export interface Piece {
  offset: number
  data: Buffer
}

/** The sparse formats of PAX: 1.0 is what bsdtar and GNU tar write, the older ones GNU tar with --sparse-version. */
export const sparseFormats = ['0.0', '0.1', '1.0'] as const

interface SparseFile {
  pieces: readonly Piece[]
  format: (typeof sparseFormats)[number]
  /** Of the whole file; as far as its last piece unless told. */
  size?: number
  /** Written behind the pieces. */
  more?: Buffer
  /** Records that replace others. */
  records?: Record<string, string>
}

export function sparseFile(name: string, { pieces, format, size, more = Buffer.alloc(0), records }: SparseFile): Entry {
  const end = Math.max(...pieces.map(({ offset, data }) => offset + data.length))
  const stored = Buffer.concat([...pieces.map(({ data }) => data), more])
  const numbers = pieces.flatMap(({ offset, data }) => [offset, data.length])
  const real = String(size ?? end)
  if (format === '1.0') {
    const map = Buffer.from([pieces.length, ...numbers].map((number) => `${number}\n`).join(''))
    const padded = Buffer.concat([map, Buffer.alloc((512 - (map.length % 512)) % 512)])
    const pax = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': name, 'GNU.sparse.realsize': real, ...records }
    return { name: `GNUSparseFile.0/${name}`, body: Buffer.concat([padded, stored]), pax }
  }
  const common = { 'GNU.sparse.size': real, 'GNU.sparse.numblocks': String(pieces.length), 'GNU.sparse.name': name }
  if (format === '0.1') return { name: 'x', body: stored, pax: { ...common, 'GNU.sparse.map': numbers.join(','), ...records } }
  const pairs = pieces.flatMap(({ offset, data }): [string, string][] => [
    ['GNU.sparse.offset', String(offset)],
    ['GNU.sparse.numbytes', String(data.length)]
  ])
  return { name: 'x', body: stored, pax: [...Object.entries({ ...common, ...records }), ...pairs] }
}
