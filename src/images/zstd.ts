import { Transform } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createZstdFrames, type ZstdBudget, zstdRefusal } from './zstd-frames.ts'

/*
 * Decompresses zstd with fzstd, which is JavaScript (Node has zstd from 22.15 on). fzstd allocates whatever window a frame asks for, up to
 * 2 GB, and moves it for every block. So frames are parsed here, the window is limited, and blocks are pushed one at a time, with rests.
 */

const bytesPerTurn = 1024 * 1024

export function createZstdDecompress(budget: ZstdBudget): Transform {
  let held: Buffer = Buffer.alloc(0)
  let sinceTurn = 0
  let full = false
  let wanted: (() => void) | undefined

  const frames = createZstdFrames(budget, {
    data(chunk) {
      sinceTurn += chunk.length
      full = !transform.push(chunk)
    },
    worked(bytes) {
      sinceTurn += bytes
    }
  })

  const transform = new Transform({
    readableHighWaterMark: 256 * 1024,
    transform(chunk: Buffer, _encoding, done) {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
      walk().then(() => done(), done)
    },
    // Transform would buffer everything that one chunk unpacks to, perhaps gigabytes; so walk waits until more is wanted
    read(size) {
      release()
      Transform.prototype._read.call(this, size)
    },
    destroy(error, done) {
      release()
      done(error)
    },
    flush(done) {
      done(held.length === 0 && frames.complete ? null : zstdRefusal('truncated', 'the zstd stream breaks off'))
    }
  })

  function release(): void {
    full = false
    wanted?.()
  }

  async function walk(): Promise<void> {
    for (let taken = frames.step(held); taken > 0 && !transform.destroyed; taken = frames.step(held)) {
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
    // what is left is less than a block; a copy releases the chunk
    held = Buffer.from(held)
  }

  return transform
}
