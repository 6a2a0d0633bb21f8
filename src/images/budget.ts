import type { ImageLimits } from './limits.ts'
import { fatal, type ProblemCode, type ProblemList } from './problems.ts'

/** What an inspection has used. Exceeding a limit records a problem and sets `spent`; every reader then stops. */
export interface Budget {
  readonly limits: ImageLimits
  readonly spent: boolean
  /** Bytes of the archive as received. */
  read(bytes: number): void
  /** Bytes that came out of a decompressor, or out of the holes of a sparse file. */
  unpacked(bytes: number): void
  member(): void
  /** An entry of a layer; `nameLength` counts the characters of it that are kept in memory. */
  entry(nameLength: number): void
  /** A change made by a layer, which is kept until the layers are combined. */
  change(): void
  /** The layers of another image are combined; the directories of the previous one are released. */
  image(): void
  /** A directory of this image, including one that only appears in the paths of its files. */
  directory(): void
  /** Whether a document of this size may be kept in memory. */
  document(bytes: number): boolean
  step(count: number): void
  /** Moving a window takes time however small the block is: a stream of tiny blocks with a large window would take hours. */
  windowMoved(bytes: number): void
}

export function createBudget(limits: ImageLimits, problems: ProblemList): Budget {
  const used = { read: 0, unpacked: 0, members: 0, entries: 0, names: 0, changes: 0, directories: 0, documents: 0, steps: 0, moved: 0 }
  let spent = false
  const exceed = (code: ProblemCode, message: string) => {
    if (!spent) problems.add(fatal(code, message))
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
      const why = bombIn(used, limits)
      if (why !== undefined) exceed('unpacks_too_large', why)
    },
    member() {
      if (++used.members > limits.members) {
        exceed('too_many_members', `the archive has more than ${limits.members} members; an image needs only a few per layer`)
      }
    },
    entry(nameLength) {
      used.entries++
      used.names += nameLength
      const why = crowdIn(used, limits)
      if (why !== undefined) exceed('too_many_files', why)
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
        exceed('too_much_work', `the blocks of a zstd stream are too small for its window; ${crafted}`)
      }
    },
    step(count) {
      used.steps += count
      if (used.steps > limits.steps) {
        exceed('too_much_work', `combining the layers takes more than ${limits.steps} steps; ${crafted}`)
      }
    }
  }
}

const crafted = 'the archive seems crafted to exhaust the reader'

/** What is wrong with the number of files in the layers, or with their names. */
function crowdIn(used: { entries: number; names: number }, { entries, namesLength }: ImageLimits) {
  if (used.entries > entries) return `the layers hold more than ${entries} files`
  if (used.names <= namesLength) return undefined
  return `the names of the files in the layers have more than ${namesLength} characters in total`
}

/** What is wrong with the amount that an archive unpacks to. */
function bombIn({ read, unpacked }: { read: number; unpacked: number }, { unpackedBytes, ratio, ratioFromBytes }: ImageLimits) {
  if (unpacked > unpackedBytes) return `the archive unpacks to more than ${unpackedBytes} bytes`
  if (unpacked <= ratioFromBytes || unpacked <= ratio * read) return undefined
  return `the archive unpacks to more than ${ratio} times its size (${read} bytes became ${unpacked}), like a decompression bomb`
}
