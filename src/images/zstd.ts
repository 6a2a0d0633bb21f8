import { Transform } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Decompress } from 'fzstd'

/*
 * zstd through fzstd, which is JavaScript (Node has zstd from 22.15 on). It allocates the window that a frame asks for, up to 2 GB, and
 * moves it for every block; so frames are walked here, the window is bounded, and blocks are pushed one at a time, giving way in between.
 */

interface ZstdBudget {
  readonly limits: { zstdWindowBytes: number }
  readonly spent: boolean
  /** Moving a window costs time whatever the block gives: a stream of tiny blocks over a large window would take hours. */
  windowMoved(bytes: number): void
}

/** Why a stream was refused, when that is not "corrupt". */
export interface ZstdRefusal extends Error {
  code: 'zstd_window_too_large' | 'truncated'
}

const maxFrameHeader = 18
const maxBlock = 128 * 1024
const bytesPerTurn = 1024 * 1024

export function createZstdDecompress(budget: ZstdBudget): Transform {
  let held: Buffer = Buffer.alloc(0)
  let frame: { window: number; checksum: boolean } | undefined
  let decompress: Decompress | undefined
  let sinceTurn = 0
  /** Bytes of the next block that fzstd has already. */
  let pushed = 0
  let full = false
  let wanted: (() => void) | undefined
  let skipping = 0

  const transform = new Transform({
    readableHighWaterMark: 256 * 1024,
    transform(chunk: Buffer, _encoding, done) {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
      walk().then(() => done(), done)
    },
    // Transform would take all that one chunk unpacks to, gigabytes perhaps; so walk waits until more is wanted
    read(size) {
      release()
      Transform.prototype._read.call(this, size)
    },
    destroy(error, done) {
      release()
      done(error)
    },
    flush(done) {
      done(held.length > 0 || skipping > 0 || frame !== undefined ? refusal('truncated', 'the zstd stream breaks off') : null)
    }
  })

  function release(): void {
    full = false
    wanted?.()
  }

  async function walk(): Promise<void> {
    for (let taken = step(); taken > 0 && !transform.destroyed; taken = step()) {
      held = held.subarray(taken)
      if (full) {
        await new Promise<void>((resolve) => {
          wanted = resolve
        })
      }
      if (sinceTurn < bytesPerTurn) continue
      sinceTurn = 0
      await nextTurn()
    }
    // what is left is less than a block; a copy lets the chunk go
    held = Buffer.from(held)
  }

  /** Handles the frame header or block that `held` begins with; 0 when it is not whole yet. */
  function step(): number {
    if (skipping > 0) {
      const taken = Math.min(skipping, held.length)
      skipping -= taken
      return taken
    }
    return frame === undefined ? header() : block(frame)
  }

  function header(): number {
    if (held.length < 8) return 0
    if ((held.readUInt32LE(0) & 0xfffffff0) >>> 0 === 0x184d2a50) {
      skipping = held.readUInt32LE(4)
      return 8
    }
    const { length, window, checksum } = frameHeader(held)
    if (held.length < length) return 0
    if (window > budget.limits.zstdWindowBytes) {
      throw refusal(
        'zstd_window_too_large',
        `the zstd stream needs a window of ${window} bytes; at most ${budget.limits.zstdWindowBytes} are given (compress it without --ultra and --long)`
      )
    }
    frame = { window, checksum }
    decompress = new Decompress((data) => {
      if (data.length === 0) return
      sinceTurn += data.length
      full = !transform.push(Buffer.from(data.buffer, data.byteOffset, data.length))
    })
    decompress.push(Buffer.from(held.subarray(0, length)))
    return length
  }

  function block({ window, checksum }: { window: number; checksum: boolean }): number {
    if (held.length < 3) return 0
    const bits = held.readUIntLE(0, 3)
    if (bits >> 3 > maxBlock) throw new Error('a block of more than 128 KiB')
    const last = (bits & 1) === 1
    const size = ((bits >> 1) & 3) === 1 ? 1 : bits >> 3
    const length = 3 + size + (last && checksum ? 4 : 0)
    // fzstd keeps every piece that ends where a block does, for good: so each piece but the last holds a byte of the next block too
    const ahead = last ? 0 : 1
    if (held.length < length + ahead) return 0
    budget.windowMoved(window)
    sinceTurn += window / 64
    if (budget.spent) throw new Error('its blocks are too small for its window')
    decompress!.push(held.subarray(pushed, length + ahead), last)
    pushed = ahead
    if (last) frame = decompress = undefined
    return length
  }

  return transform
}

function frameHeader(bytes: Buffer): { length: number; window: number; checksum: boolean } {
  if (bytes.readUInt32LE(0) !== 0xfd2fb528) throw new Error('bytes that are no zstd frame')
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

const refusal = (code: ZstdRefusal['code'], message: string): ZstdRefusal => Object.assign(new Error(message), { code })
