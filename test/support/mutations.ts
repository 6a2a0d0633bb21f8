import { gunzipSync, gzipSync } from 'node:zlib'
import { tarHeader, withChecksum } from './tar.ts'

/** Random numbers that a seed repeats (mulberry32). */
export function createRandom(seed: number) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return { below, oneOf: <T>(items: readonly T[]): T => items[below(items.length)]! }
}

export type Random = ReturnType<typeof createRandom>

type Mutation = (bytes: Buffer, random: Random) => Buffer

const block = 512
const blockAt = (bytes: Buffer, { below }: Random) => below(Math.max(1, Math.floor(bytes.length / block))) * block

/** A header of the tar, so that changes hit where it hurts. */
function headerAt(bytes: Buffer, random: Random): number {
  for (let i = 0; i < 50; i++) {
    const at = blockAt(bytes, random)
    if (bytes.toString('latin1', at + 257, at + 262) === 'ustar') return at
  }
  return 0
}

/** Changes a header and mends its checksum, so that the change is believed. */
const inHeader =
  (change: (header: Buffer, random: Random) => void): Mutation =>
  (bytes, random) => {
    const at = headerAt(bytes, random)
    if (at + block > bytes.length) return bytes
    const header = bytes.subarray(at, at + block)
    change(header, random)
    withChecksum(header)
    return bytes
  }

const sizes = ['00000000000', '77777777777', '00000000777', '-0000000001', '0x000000010', '           ']
const names = ['manifest.json', 'index.json', '../x', '/', '', '.', 'a/../../b', 'bin/sh', '.wh.bin', '.wh..wh..opq', '\xff\xfe']
const words = ['null', '[]', '{}', '-1', '1e999', '"\\ud800"', `${'['.repeat(200)}`, '"sha256:"', 'true', '""']

const mutations: readonly Mutation[] = [
  (bytes, { below }) => {
    for (let i = below(8); i >= 0 && bytes.length > 0; i--) bytes[below(bytes.length)]! ^= 1 << below(8)
    return bytes
  },
  (bytes, { below }) => bytes.subarray(0, below(bytes.length + 1)),
  (bytes, random) => {
    // a piece moved elsewhere
    const [from, to] = [blockAt(bytes, random), blockAt(bytes, random)]
    const length = block * (1 + random.below(8))
    const piece = Buffer.from(bytes.subarray(from, from + length))
    const rest = Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + length)])
    return Buffer.concat([rest.subarray(0, to), piece, rest.subarray(to)])
  },
  (bytes, random) => {
    // a piece twice
    const at = blockAt(bytes, random)
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at - block * random.below(6)), bytes.subarray(at)]).subarray(0, 4_000_000)
  },
  inHeader((header, { oneOf }) => header.write(oneOf(sizes), 124, 'latin1')),
  inHeader((header, { below }) => header.fill(below(256), 124, 136)),
  inHeader((header, { oneOf }) => header.write(oneOf(['0', '1', '2', '3', '5', 'x', 'g', 'L', 'K', 'S', '\0', '7', 'V']), 156, 'latin1')),
  inHeader((header, { oneOf }) => header.write(`${oneOf(names)}\0`, 0, 'latin1')),
  inHeader((header, { oneOf }) => header.write(`${oneOf(names)}\0`, 157, 'latin1')),
  inHeader((header, { below }) => header.fill(below(256), 345, 500)),
  (bytes, random) => {
    // a word of JSON replaced, of the same length or not
    const quote = bytes.indexOf('"', random.below(bytes.length + 1))
    const end = bytes.indexOf('"', quote + 1)
    if (quote === -1 || end === -1 || end - quote > 200) return bytes
    const word = Buffer.from(random.oneOf(words))
    word.copy(bytes, quote, 0, Math.min(word.length, end - quote + 1))
    return bytes
  },
  (bytes, random) => {
    const at = blockAt(bytes, random)
    const flag = random.oneOf(['x', 'L', 'K', 'g', 'S'])
    const body = Buffer.alloc(block, random.oneOf(['9 path=a\n', '-1 a=b\n', '18 size=999999999\n', '22 GNU.sparse.major=1\n', 'name']))
    return Buffer.concat([bytes.subarray(0, at), tarHeader({ name: 'x', flag, size: random.below(1200) }), body, bytes.subarray(at)])
  },
  (bytes) => gzipSync(bytes, { level: 1 }),
  (bytes, { below }) => {
    // noise in the middle of packed data
    const start = below(Math.max(1, bytes.length - 64))
    for (let i = start; i < Math.min(bytes.length, start + below(64)); i++) bytes[i] = below(256)
    return bytes
  }
]

/** One to a few changes; a packed archive is sometimes changed within. */
export function mutate(original: Buffer, random: Random): Buffer {
  const packed = original[0] === 0x1f && random.below(2) === 0
  let bytes: Buffer = packed ? gunzipSync(original) : Buffer.from(original)
  for (let i = random.below(4); i >= 0; i--) bytes = Buffer.from(random.oneOf(mutations)(bytes, random))
  return packed ? gzipSync(bytes, { level: 1 }) : bytes
}
