import type { ImageLimits } from './limits.ts'
import type { ProblemCode, ProblemList } from './problems.ts'

/** What an inspection has used up. When a bound is passed it is `spent`: the problem is noted, and everyone stops. */
export interface Budget {
  readonly limits: ImageLimits
  readonly spent: boolean
  /** Bytes of the archive as it came. */
  read(bytes: number): void
  /** Bytes that came out of a decompressor. */
  unpacked(bytes: number): void
  member(): void
  /** An entry of a layer, with the characters of it that are remembered. */
  entry(nameLength: number): void
  /** A change that a layer makes, as it is remembered until the layers are put together. */
  change(): void
  /** Another image is put together; the directories of the one before are let go of. */
  image(): void
  /** A directory of this image, also one that only stands in the paths of others. */
  directory(): void
  /** Whether a document of this size may be remembered. */
  document(bytes: number): boolean
  step(count: number): void
  windowMoved(bytes: number): void
}

export function createBudget(limits: ImageLimits, problems: ProblemList): Budget {
  const used = { read: 0, unpacked: 0, members: 0, entries: 0, names: 0, changes: 0, directories: 0, documents: 0, steps: 0, moved: 0 }
  let spent = false
  const exceed = (code: ProblemCode, message: string) => {
    if (!spent) problems.add({ code, message, fatal: true })
    spent = true
  }
  return {
    limits,
    get spent() {
      return spent
    },
    read(bytes) {
      used.read += bytes
    },
    unpacked(bytes) {
      used.unpacked += bytes
      if (used.unpacked > limits.unpackedBytes) {
        exceed('unpacks_too_large', `the archive unpacks to more than ${limits.unpackedBytes} bytes`)
      } else if (used.unpacked > limits.ratioFromBytes && used.unpacked > limits.ratio * used.read) {
        exceed(
          'unpacks_too_large',
          `the archive unpacks to more than ${limits.ratio} times its size (${used.read} bytes gave ${used.unpacked}), as a decompression bomb does`
        )
      }
    },
    member() {
      if (++used.members > limits.members) {
        exceed('too_many_members', `the archive has more than ${limits.members} members; an image has a few for each layer`)
      }
    },
    entry(nameLength) {
      used.names += nameLength
      if (++used.entries > limits.entries) exceed('too_many_files', `the layers hold more than ${limits.entries} files`)
      else if (used.names > limits.namesLength) {
        exceed('too_many_files', `the names of the files in the layers have more than ${limits.namesLength} characters`)
      }
    },
    change() {
      if (++used.changes > limits.changes) exceed('too_many_files', `the layers make more than ${limits.changes} changes`)
    },
    image() {
      used.directories = 0
    },
    directory() {
      if (++used.directories > limits.directories) exceed('too_many_files', `an image has more than ${limits.directories} directories`)
    },
    document(bytes) {
      if (used.documents + bytes > limits.documentsBytes) return false
      used.documents += bytes
      return true
    },
    windowMoved(bytes) {
      used.moved += bytes
      if (used.moved > limits.zstdMovedBytes && used.moved > limits.zstdMovedRatio * used.read) {
        exceed('too_much_work', 'the blocks of a zstd stream are too small for its window; the archive is made to be slow')
      }
    },
    step(count) {
      used.steps += count
      if (used.steps > limits.steps) {
        exceed('too_much_work', `putting the layers together takes more than ${limits.steps} steps; the archive is made to be slow`)
      }
    }
  }
}
