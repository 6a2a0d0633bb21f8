import type { ImageLimits } from './limits.ts'
import { type Problem, type ProblemCode, quoted } from './problems.ts'
import { blockSize, decodeText, isTarHeader, isZeroBlock, parsePax, parseTarHeader, type TarHeader } from './tar-header.ts'

/*
 * A tar as Go's archive/tar reads it, because that is what Docker, containerd, skopeo and crane read images with: an archive that two
 * readers understand differently could show us one image and run another. It is pushed chunks and never holds more than one header.
 * (Why not tar-stream: docs/decisions/0011-proof-of-architecture.md.)
 */

export interface TarMember {
  name: string
  type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'other'
  /** Where a link points. */
  target: string
  size: number
  /** The bytes that come are a map and pieces of the file, not the file. */
  sparse: boolean
}

export interface TarHandler {
  member(member: TarMember): void
  /** Bytes of the last member, when it is a file. */
  data(chunk: Buffer): void
  memberEnd(): void
  problem(problem: Problem): void
  /** What to say of a stream that does not begin as a tar; `head` is its first block, or less. */
  notTar(head: Buffer): Problem
}

export interface TarReader {
  write(chunk: Buffer): void
  end(): void
  /** A fatal problem was met; what is written from now on is ignored. */
  readonly stopped: boolean
}

type State = 'header' | 'extension' | 'sparse-map' | 'body' | 'skip' | 'after-end' | 'stopped'

export function createTarReader(handler: TarHandler, limits: ImageLimits): TarReader {
  let state: State = 'header'
  let offset = 0
  let remaining = 0
  let padding = 0
  let zeroBlocks = 0
  let begun = false
  const block = Buffer.allocUnsafe(blockSize)
  let filled = 0
  let extension: { flag: string; body: Buffer; filled: number } | undefined
  // what extension headers say about the next member
  let pax: Map<string, string> | undefined
  let longName: string | undefined
  let longTarget: string | undefined
  let held: TarHeader | undefined

  const problem = (code: ProblemCode, message: string, fatal = false) => handler.problem({ code, message, fatal })
  const stop = (code: ProblemCode, message: string) => {
    state = 'stopped'
    problem(code, `${message} (at byte ${offset} of the tar)`, true)
  }
  const refuse = (head: Buffer) => {
    state = 'stopped'
    handler.problem(handler.notTar(head))
  }
  const skip = (bytes: number) => {
    remaining = bytes
    state = bytes === 0 ? 'header' : 'skip'
  }
  const paddingOf = (size: number) => (blockSize - (size % blockSize)) % blockSize

  /** One header or sparse map, from the chunk itself or put together from two. Undefined when it is not whole yet. */
  function takeBlock(chunk: Buffer, at: number): Buffer | undefined {
    if (filled === 0 && chunk.length - at >= blockSize) return chunk.subarray(at, at + blockSize)
    const copied = chunk.copy(block, filled, at, Math.min(chunk.length, at + blockSize - filled))
    filled += copied
    return filled === blockSize ? block : undefined
  }

  function header(bytes: Buffer) {
    if (!begun && !isZeroBlock(bytes) && !isTarHeader(bytes)) return refuse(bytes)
    begun = true
    if (isZeroBlock(bytes)) {
      if (++zeroBlocks === 2) state = 'after-end'
      return
    }
    if (zeroBlocks === 1) return stop('tar_invalid', 'a member follows an empty block')
    if (!isTarHeader(bytes)) return stop('tar_invalid', 'a header with a wrong checksum')
    const parsed = parseTarHeader(bytes)
    if (parsed === undefined) return stop('tar_invalid', 'a header with a size that is no number, negative or too large')
    if ('xLK'.includes(parsed.flag)) return beginExtension(parsed)
    // Go reads a global header and applies nothing of it
    if (parsed.flag === 'g') return skip(parsed.size + paddingOf(parsed.size))
    if (parsed.sparseContinues) {
      held = parsed
      state = 'sparse-map'
      return
    }
    beginMember(parsed)
  }

  function beginExtension({ flag, size }: TarHeader) {
    if (size > limits.extensionBytes) {
      return stop('tar_extension_too_large', `an extension header of ${size} bytes; at most ${limits.extensionBytes} are read`)
    }
    if (size === 0) return
    extension = { flag, body: Buffer.allocUnsafe(size), filled: 0 }
    padding = paddingOf(size)
    state = 'extension'
  }

  function endExtension() {
    const { flag, body } = extension!
    extension = undefined
    skip(padding)
    if (flag === 'x') {
      pax = parsePax(body)
      if (pax === undefined) return stop('tar_extension_invalid', 'a PAX header whose records do not add up')
      if ([...pax.values()].some((value) => value.includes('\0'))) stop('tar_extension_invalid', 'a PAX header with a NUL in a name')
      return
    }
    const nul = body.indexOf(0)
    const text = decodeText(nul === -1 ? body : body.subarray(0, nul))
    if (flag === 'L') longName = text
    else longTarget = text
  }

  function beginMember(parsed: TarHeader) {
    const name = longName || pax?.get('GNU.sparse.name') || pax?.get('path') || parsed.name
    const target = longTarget || pax?.get('linkpath') || parsed.target
    const sparse = parsed.flag === 'S' || pax?.has('GNU.sparse.major') === true || pax?.has('GNU.sparse.map') === true
    const paxSize = pax?.get('size')
    pax = longName = longTarget = undefined
    if (paxSize !== undefined && !(/^[0-9]{1,16}$/.test(paxSize) && Number.isSafeInteger(Number(paxSize)))) {
      return stop('tar_extension_invalid', `a PAX header with the size ${quoted(paxSize)}`)
    }
    const type = typeOf(parsed.flag, name)
    // links, devices and directories have no body, whatever their header says
    const size = type === 'directory' || '12346'.includes(parsed.flag) ? 0 : Number(paxSize ?? parsed.size)
    padding = paddingOf(size)
    const tooLong = name.length > limits.pathLength || target.length > limits.pathLength
    if (tooLong) problem('name_too_long', `a name of more than ${limits.pathLength} characters was left out: ${quoted(name)}`)
    if (tooLong || type === 'other') {
      if (!tooLong) handler.member({ name, type, target, size, sparse })
      return skip(size + padding)
    }
    handler.member({ name, type, target, size, sparse })
    remaining = size
    state = 'body'
    if (size === 0) endMember()
  }

  function endMember(): void {
    handler.memberEnd()
    skip(padding)
  }

  /** Handles what stands at `at` and returns where the next thing stands. */
  function consume(chunk: Buffer, at: number): number {
    if (state === 'header' || state === 'sparse-map') {
      const before = filled
      const bytes = takeBlock(chunk, at)
      if (bytes === undefined) return chunk.length
      filled = 0
      if (state === 'header') header(bytes)
      else if (bytes[504] === 0) beginMember(held!)
      return at + blockSize - before
    }
    if (state === 'extension') {
      const copied = chunk.copy(extension!.body, extension!.filled, at)
      extension!.filled += copied
      if (extension!.filled === extension!.body.length) endExtension()
      return at + copied
    }
    if (state === 'after-end') {
      if (!isZero(chunk.subarray(at))) {
        problem('data_after_end', 'bytes follow the end of the tar; no reader of images looks at them')
        state = 'stopped'
      }
      return chunk.length
    }
    const taken = Math.min(remaining, chunk.length - at)
    remaining -= taken
    if (state === 'body') handler.data(chunk.subarray(at, at + taken))
    if (remaining === 0) {
      if (state === 'body') endMember()
      else state = 'header'
    }
    return at + taken
  }

  return {
    write(chunk) {
      for (let at = 0; at < chunk.length && state !== 'stopped'; ) {
        const next = consume(chunk, at)
        offset += next - at
        at = next
      }
    },
    end() {
      if (state === 'stopped' || state === 'after-end') return
      if (!begun) refuse(block.subarray(0, filled))
      else if (state !== 'header' || filled > 0) stop('truncated', 'the tar breaks off')
      state = 'stopped'
    },
    get stopped() {
      return state === 'stopped'
    }
  }
}

function typeOf(flag: string, name: string): TarMember['type'] {
  if (flag === '\0') return name.endsWith('/') ? 'directory' : 'file'
  if (flag === '0' || flag === '7' || flag === 'S') return 'file'
  if (flag === '1') return 'hardlink'
  if (flag === '2') return 'symlink'
  return flag === '5' ? 'directory' : 'other'
}

const zeros = Buffer.alloc(64 * 1024)
const isZero = (bytes: Buffer): boolean => {
  for (let at = 0; at < bytes.length; at += zeros.length) {
    const part = bytes.subarray(at, at + zeros.length)
    if (!part.equals(zeros.subarray(0, part.length))) return false
  }
  return true
}
