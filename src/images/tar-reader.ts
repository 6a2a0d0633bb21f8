import type { ImageLimits } from './limits.ts'
import { parseByteCount } from './pax.ts'
import { fatal, quoted } from './problems.ts'
import { sparseVersion } from './sparse-map.ts'
import { beginExtension, consumeExtension } from './tar-extensions.ts'
import { blockSize, isTarHeader, isZeroBlock, paddingOf, parseTarHeader, type TarHeader } from './tar-header.ts'
import { announce, beginReading, endMember, stopReading, type TarHandler, type TarMember, type TarReading } from './tar-reading.ts'
import { beginSparse, fillHole, isInHole, nextRun, takeMap } from './tar-sparse.ts'

/*
 * Reads a tar exactly as Go's archive/tar does, because Docker, containerd, skopeo and crane load images with it: an archive that two
 * readers understand differently could show us one image and run another. Chunks are written to it; it holds no more than a header.
 * (docs/decisions/0011-proof-of-architecture.md tells why it is not tar-stream.)
 */

/** Bytes of zeros to deliver before pausing. */
const zerosPerTurn = 1024 * 1024
const zeros = Buffer.alloc(64 * 1024)

export function createTarReader(handler: TarHandler, limits: ImageLimits) {
  const reading = beginReading(handler, limits)
  return {
    /** Returns false when it paused within the holes of a sparse file: let other work run, then call resume until that returns true. */
    write(chunk: Buffer): boolean {
      reading.before += reading.chunk.length
      reading.chunk = chunk
      reading.at = 0
      return goOn(reading)
    },
    resume: (): boolean => goOn(reading),
    end: (): void => end(reading),
    /** Whether reading has ended; whatever is written from now on is ignored. */
    get stopped(): boolean {
      return reading.state === 'stopped'
    }
  }
}

/** Reads the rest of the chunk. Returns false when it paused within a hole. */
function goOn(reading: TarReading): boolean {
  for (let filled = 0; filled < zerosPerTurn; filled += fillHole(reading)) {
    while (reading.at < reading.chunk.length && reading.state !== 'stopped' && !isInHole(reading)) consume(reading)
    if (reading.state === 'stopped' || !isInHole(reading)) return true
  }
  return false
}

/** Go accepts a tar without its end mark, and without the padding of its last member; umoci insert writes such layers. */
function end(reading: TarReading): void {
  const { state, begun, filled } = reading
  if (state === 'stopped' || state === 'after-end') return
  if (!begun) refuse(reading, reading.block.subarray(0, filled))
  else if (state !== 'padding' && (state !== 'header' || filled > 0)) stopReading(reading, fatal('truncated', 'the tar breaks off'))
  reading.state = 'stopped'
}

function refuse(reading: TarReading, head: Buffer): void {
  reading.state = 'stopped'
  reading.handler.problem(reading.handler.notTar(head))
}

/** Processes the next header, body or padding in the chunk, as far as it is there. */
function consume(reading: TarReading) {
  switch (reading.state) {
    case 'header':
    case 'sparse-map':
      return consumeBlock(reading)
    case 'extension':
      return consumeExtension(reading)
    case 'after-end':
      return checkAfterEnd(reading)
    default:
      return consumePiece(reading)
  }
}

/** Processes bytes of a body or of padding. */
function consumePiece(reading: TarReading): void {
  const { chunk, at } = reading
  const taken = Math.min(reading.remaining, chunk.length - at)
  reading.at += taken
  reading.remaining -= taken
  if (reading.state === 'body' && reading.wanted) reading.handler.data(chunk.subarray(at, at + taken))
  if (reading.remaining > 0) return
  if (reading.state === 'padding') reading.state = 'header'
  else if (reading.sparse !== undefined) nextRun(reading, reading.sparse)
  else endMember(reading)
}

/** Processes a whole block, which may be split across chunks. */
function consumeBlock(reading: TarReading): void {
  const { chunk, at, filled, block } = reading
  const isWhole = filled === 0 && chunk.length - at >= blockSize
  const taken = isWhole ? blockSize : chunk.copy(block, filled, at, Math.min(chunk.length, at + blockSize - filled))
  reading.at += taken
  reading.filled = (filled + taken) % blockSize
  if (reading.filled > 0) return
  const bytes = isWhole ? chunk.subarray(at, at + blockSize) : block
  if (reading.state === 'header') takeHeader(reading, bytes)
  else takeMap(reading, bytes)
}

function checkAfterEnd(reading: TarReading): void {
  const { chunk, at, handler } = reading
  reading.at = chunk.length
  if (isZero(chunk.subarray(at))) return
  handler.problem({ code: 'data_after_end', message: 'bytes follow the end of the tar; image loaders ignore them', fatal: false })
  reading.state = 'stopped'
}

function takeHeader(reading: TarReading, bytes: Buffer) {
  const isZeros = isZeroBlock(bytes)
  const isHeader = !isZeros && isTarHeader(bytes)
  if (!reading.begun && !isZeros && !isHeader) return refuse(reading, bytes)
  reading.begun = true
  if (isZeros) {
    if (++reading.zeroBlocks === 2) reading.state = 'after-end'
    return
  }
  const invalid = (message: string) => stopReading(reading, fatal('tar_invalid', message))
  if (reading.zeroBlocks === 1) return invalid('a member follows an empty block')
  if (!isHeader) return invalid('a header has a wrong checksum')
  const header = parseTarHeader(bytes)
  if (header === undefined) return invalid('a header contains an invalid number, or a size that is negative or too large')
  if ('xgLK'.includes(header.flag)) beginExtension(reading, header)
  else beginMember(reading, header)
}

function beginMember(reading: TarReading, header: TarHeader) {
  const { pax, longName, longTarget } = reading.ahead
  reading.ahead = {}
  const name = longName || pax?.get('path') || header.name
  const target = longTarget || pax?.get('linkpath') || header.target
  const paxSize = pax?.get('size')
  const said = paxSize === undefined ? header.size : parseByteCount(paxSize)
  if (said === undefined) return stopReading(reading, fatal('tar_extension_invalid', `a PAX header has the size ${quoted(paxSize!)}`))
  if (header.flag === 'S') {
    const message = `${quoted(name)} is a sparse file of the old GNU type, which no image loader unpacks; create the tar with --format=pax or without --sparse`
    return stopReading(reading, fatal('sparse_file', message))
  }
  const type = typeOf(header.flag, name)
  // links, devices and directories have no body, whatever size their header gives
  const hasBody = type === 'file' || type === 'unknown'
  const size = hasBody ? said : 0
  reading.padding = paddingOf(size)
  const version = pax === undefined ? undefined : sparseVersion(pax)
  const executable = (header.mode & 0o111) !== 0
  const member: TarMember = { name, type, target, size, executable, holes: 0, offset: reading.before + reading.at }
  if (version !== undefined) return beginSparse(reading, member, { pax: pax!, version })
  announce(reading, member)
  reading.remaining = size
  if (size === 0) endMember(reading)
}

const types: Readonly<Record<string, TarMember['type']>> = { 0: 'file', 1: 'hardlink', 2: 'symlink', 5: 'directory' }

function typeOf(flag: string, name: string): TarMember['type'] {
  if (flag === '\0') return name.endsWith('/') ? 'directory' : 'file'
  return types[flag] ?? ('346'.includes(flag) ? 'device' : 'unknown')
}

const isZero = (bytes: Buffer): boolean => {
  for (let at = 0; at < bytes.length; at += zeros.length) {
    const part = bytes.subarray(at, at + zeros.length)
    if (!part.equals(zeros.subarray(0, part.length))) return false
  }
  return true
}
