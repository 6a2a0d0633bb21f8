import { Decompress } from 'fzstd'
import type { Budget } from './budget.ts'

export type ZstdBudget = Pick<Budget, 'limits' | 'spent' | 'windowMoved'>

/** An error for a stream that is not corrupt but cannot be read. */
export interface ZstdRefusal extends Error {
  code: 'zstd_window_too_large' | 'truncated'
}

export const zstdRefusal = (code: ZstdRefusal['code'], message: string): ZstdRefusal => Object.assign(new Error(message), { code })

interface Frame {
  decompress: Decompress
  /** Bytes that a block may refer back to. */
  window: number
  checksum: boolean
}

interface Walk {
  readonly budget: ZstdBudget
  readonly handler: ZstdHandler
  frame: Frame | undefined
  /** Bytes left of a frame that holds no data. */
  skipping: number
  /** Bytes of the next block that fzstd has already. */
  pushed: number
}

interface ZstdHandler {
  data(chunk: Buffer): void
  /** Work that gave no data, in bytes that would have taken as long. */
  worked(bytes: number): void
}

const maxFrameHeader = 18
const maxBlock = 128 * 1024

/** Reads the frames of a zstd stream, one header or block at a time. */
export function createZstdFrames(budget: ZstdBudget, handler: ZstdHandler) {
  const walk: Walk = { budget, handler, frame: undefined, skipping: 0, pushed: 0 }
  return {
    /** Processes the next part of the stream at the beginning of `held`. Returns its length; 0 when it is incomplete. Throws when it is corrupt. */
    step(held: Buffer): number {
      if (walk.skipping > 0) {
        const taken = Math.min(walk.skipping, held.length)
        walk.skipping -= taken
        return taken
      }
      return walk.frame === undefined ? takeHeader(walk, held) : takeBlock(walk, { frame: walk.frame, held })
    },
    /** Whether the stream could end here. */
    get complete(): boolean {
      return walk.skipping === 0 && walk.frame === undefined
    }
  }
}

function takeHeader(walk: Walk, held: Buffer): number {
  if (held.length < 8) return 0
  if ((held.readUInt32LE(0) & 0xfffffff0) >>> 0 === 0x184d2a50) {
    walk.skipping = held.readUInt32LE(4)
    return 8
  }
  const { length, window, checksum } = frameHeader(held)
  if (held.length < length) return 0
  const { zstdWindowBytes } = walk.budget.limits
  if (window > zstdWindowBytes) {
    const message = `the zstd stream needs a window of ${window} bytes, but at most ${zstdWindowBytes} are allowed; compress it without --ultra and --long`
    throw zstdRefusal('zstd_window_too_large', message)
  }
  const decompress = new Decompress((data) => {
    if (data.length > 0) walk.handler.data(Buffer.from(data.buffer, data.byteOffset, data.length))
  })
  decompress.push(Buffer.from(held.subarray(0, length)))
  walk.frame = { decompress, window, checksum }
  return length
}

function takeBlock(walk: Walk, { frame, held }: { frame: Frame; held: Buffer }): number {
  if (held.length < 3) return 0
  const bits = held.readUIntLE(0, 3)
  if (bits >> 3 > maxBlock) throw new Error('a block has more than 128 KiB')
  const last = (bits & 1) === 1
  const size = ((bits >> 1) & 3) === 1 ? 1 : bits >> 3
  const length = 3 + size + (last && frame.checksum ? 4 : 0)
  // fzstd never releases a piece that ends exactly with a block, so each piece but the last includes a byte of the next block
  const ahead = last ? 0 : 1
  if (held.length < length + ahead) return 0
  walk.budget.windowMoved(frame.window)
  walk.handler.worked(frame.window / 64)
  if (walk.budget.spent) throw new Error('its blocks are too small for its window')
  frame.decompress.push(held.subarray(walk.pushed, length + ahead), last)
  walk.pushed = ahead
  if (last) walk.frame = undefined
  return length
}

function frameHeader(bytes: Buffer): { length: number; window: number; checksum: boolean } {
  if (bytes.readUInt32LE(0) !== 0xfd2fb528) throw new Error('no zstd frame begins where one should')
  const flags = bytes[4]!
  const single = (flags & 0x20) !== 0
  const dictionary = [0, 1, 2, 4][flags & 3]!
  const contentSize = flags >> 6 === 0 ? (single ? 1 : 0) : 1 << (flags >> 6)
  const length = 5 + (single ? 0 : 1) + dictionary + contentSize
  const whole = Buffer.alloc(maxFrameHeader)
  bytes.copy(whole, 0, 0, length)
  const log = 10 + (whole[5]! >> 3)
  const window = single ? contentSizeOf(whole, { at: 5 + dictionary, length: contentSize }) : 2 ** log + (2 ** log / 8) * (whole[5]! & 7)
  return { length, window, checksum: (flags & 4) !== 0 }
}

function contentSizeOf(bytes: Buffer, { at, length }: { at: number; length: number }): number {
  if (length === 8) return Number(bytes.readBigUInt64LE(at))
  return bytes.readUIntLE(at, length) + (length === 2 ? 256 : 0)
}
