import { type AttributesWatch, watchAttributes } from './arm-attributes.ts'
import { type FileKind, headLength, identify, mayTell } from './elf.ts'

export type FileHead = ReturnType<typeof createFileHead>

const zeros = Buffer.alloc(headLength)

/** Tells a file's kind while it is read: mostly by four bytes, else by its head. 32-bit ARM programs are watched to their end. */
export function createFileHead(size: number) {
  const wanted = Math.min(headLength, size)
  let head: Buffer | undefined
  let looking = size >= 4
  let kind: FileKind | undefined
  let attributes: AttributesWatch | undefined

  function classify(whole: Buffer): void {
    looking = false
    kind = identify(whole)
    if (kind?.kind !== 'elf' || kind.machine !== 'arm') return
    attributes = watchAttributes(whole)
    attributes.data(whole)
  }

  /** Returns how many bytes of the chunk belong to the head. */
  function takeHead(chunk: Buffer): number {
    if (head === undefined && chunk.length >= 4 && !mayTell(chunk)) {
      looking = false
      return 0
    }
    const taken = Math.min(chunk.length, wanted - (head?.length ?? 0))
    // copied only when the head is split across chunks
    head = head === undefined ? chunk.subarray(0, taken) : Buffer.concat([head, chunk.subarray(0, taken)])
    if (head.length >= wanted) classify(head)
    else if (head.length >= 4 && !mayTell(head)) looking = false
    return taken
  }

  return {
    data(chunk: Buffer): void {
      const taken = looking ? takeHead(chunk) : 0
      if (taken < chunk.length) attributes?.data(chunk.subarray(taken))
    },
    hole(length: number): void {
      const taken = looking ? takeHead(zeros.subarray(0, Math.min(length, zeros.length))) : 0
      if (taken < length) attributes?.hole(length - taken)
    },
    /** Returns the kind of the file; undefined for data. Call it at the end of the file. */
    kind(): FileKind | undefined {
      if (looking && head !== undefined) classify(head)
      if (kind?.kind !== 'elf' || attributes === undefined) return kind
      return { ...kind, ...attributes.found() }
    }
  }
}
