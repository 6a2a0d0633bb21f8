import { type PaxRecords, parseByteCount } from './pax.ts'

/*
 * Sparse files in PAX tars, formats 0.0, 0.1 and 1.0: the tar stores only the fragments that hold data, and a map says where they belong.
 * Docker, containerd, podman and skopeo expand them through Go's archive/tar. bsdtar writes them by default, GNU tar with -S.
 */

/** A part of the file: bytes that the tar stores, or a hole of zeros. */
export interface Run {
  kind: 'data' | 'hole'
  length: number
}

export interface Fragment {
  offset: number
  length: number
}

/** The sparse format that a PAX header announces, according to Go; undefined for a member that is not sparse. */
export function sparseVersion(pax: PaxRecords): '0.x' | '1.0' | undefined {
  const [major = '', minor = ''] = [pax.get('GNU.sparse.major'), pax.get('GNU.sparse.minor')]
  if (major === '0' && (minor === '0' || minor === '1')) return '0.x'
  if (major === '1' && minor === '0') return '1.0'
  return major === '' && minor === '' && pax.get('GNU.sparse.map') ? '0.x' : undefined
}

/** The size of the expanded file; undefined when it is invalid. `stored` is the number of bytes in the tar, including the map. */
export function sparseSize(pax: PaxRecords, stored: number): number | undefined {
  const text = pax.get('GNU.sparse.size') || pax.get('GNU.sparse.realsize')
  return text ? parseByteCount(text) : stored
}

/** The map in a PAX header (formats 0.0 and 0.1); undefined when it is invalid. */
export function mapOfRecords(pax: PaxRecords): Fragment[] | undefined {
  const count = parseByteCount(pax.get('GNU.sparse.numblocks') ?? '')
  const text = pax.get('GNU.sparse.map') ?? ''
  return count === undefined ? undefined : fragmentsOf(text === '' ? [] : text.split(','), count)
}

export type BodyMap = ReturnType<typeof createBodyMap>

/** Reads the map before a file's data (format 1.0): a count and then the numbers, one per line. It ends with the block of its last line. */
export function createBodyMap() {
  let text = ''
  let lines = 0
  return {
    /** Adds a block of the body. Returns 'more' while the map goes on, and undefined when it is invalid. */
    take(block: Buffer): Fragment[] | 'more' | undefined {
      const more = block.toString('latin1')
      text += more
      lines += more.split('\n').length - 1
      if (lines === 0) return 'more'
      const count = parseByteCount(text.slice(0, text.indexOf('\n')))
      if (count === undefined) return undefined
      return lines - 1 < 2 * count ? 'more' : fragmentsOf(text.split('\n').slice(1, 1 + 2 * count), count)
    }
  }
}

function fragmentsOf(numbers: readonly string[], count: number): Fragment[] | undefined {
  if (numbers.length !== 2 * count) return undefined
  const fragments: Fragment[] = []
  for (let i = 0; i < numbers.length; i += 2) {
    const [offset, length] = [parseByteCount(numbers[i]!), parseByteCount(numbers[i + 1]!)]
    if (offset === undefined || length === undefined) return undefined
    fragments.push({ offset, length })
  }
  return fragments
}

/** Splits a file of `size` bytes into runs. Undefined when the fragments overlap, are out of order or exceed the file. */
export function runsOf(fragments: readonly Fragment[], size: number): Run[] | undefined {
  const runs: Run[] = []
  const add = (kind: Run['kind'], length: number) => {
    if (length > 0) runs.push({ kind, length })
  }
  let end = 0
  for (const { offset, length } of fragments) {
    if (offset < end || offset + length > size) return undefined
    add('hole', offset - end)
    add('data', length)
    end = offset + length
  }
  add('hole', size - end)
  return runs
}

/** The number of bytes that the tar stores for the runs. */
export const storedLength = (runs: readonly Run[]): number =>
  runs.reduce((sum, { kind, length }) => sum + (kind === 'data' ? length : 0), 0)
