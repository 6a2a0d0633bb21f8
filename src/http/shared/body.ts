import type { IncomingMessage } from 'node:http'
import { CatalogueError } from '../../domain/errors.ts'
import { type BodyBudget, smallBytes } from './body-budget.ts'

/** The limits of every body that is read into memory. */
export interface BodyReading {
  /** The time until the last byte, in milliseconds. */
  timeoutMs: number
  /** Of all requests together. What a body takes of it is given back when its handler has ended. */
  budget: BodyBudget
}

export interface BodyBounds extends BodyReading {
  /** In bytes. */
  limit: number
}

export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

/** The type of the body, in lower case and without parameters; '' where the request names none. */
export const mediaType = ({ headers }: Pick<IncomingMessage, 'headers'>): string =>
  (headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase()

/** In bytes; undefined for a body that comes in chunks. */
export function declaredLength({ headers }: IncomingMessage): number | undefined {
  const length = headers['content-length']
  return length === undefined ? undefined : Number(length)
}

/** Reads the whole body. Throws too_large, too_slow, bodies_exceeded, or parameter_invalid when it ended early; the rest is left unread. */
export function readBody(message: IncomingMessage, { limit, timeoutMs, budget }: BodyBounds): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const gathered = createGatheredBody()
    let isLarge = false
    const declared = declaredLength(message)
    const tooLarge = () => new CatalogueError('too_large', `the body is larger than ${limit} bytes, the most that is read here`)
    const timer = setTimeout(() => {
      fail(new CatalogueError('too_slow', `the body did not arrive within ${timeoutMs} ms (${gathered.size()} bytes did)`))
    }, timeoutMs)

    function stop(): void {
      clearTimeout(timer)
      message.off('data', take).off('end', finish).off('close', ended).off('error', ended)
    }
    function fail(error: unknown): void {
      stop()
      message.on('error', () => {})
      budget.giveBack(message)
      reject(error)
    }
    function hold(bytes: number): boolean {
      try {
        budget.hold(message, bytes)
        return true
      } catch (error) {
        fail(error)
        unwanted.add(message.pause())
        return false
      }
    }
    /** A body of unknown length that is no longer small may become as large as any. */
    function holdUndeclared(bytes: number): boolean {
      if (bytes <= smallBytes) return hold(bytes)
      if (isLarge) return true
      isLarge = true
      return hold(twice(limit))
    }
    function take(chunk: Buffer): void {
      if (gathered.size() + chunk.length > limit) fail(tooLarge())
      else if (declared !== undefined || holdUndeclared(gathered.held() + chunk.length)) gathered.add(chunk)
    }
    function finish(): void {
      if (declared === undefined && !hold(twice(gathered.size()))) return
      stop()
      resolve(gathered.bytes())
    }
    const ended = () => fail(new CatalogueError('parameter_invalid', `the body ended early, after ${gathered.size()} bytes`))

    if (declared !== undefined && declared > limit) return fail(tooLarge())
    if (declared !== undefined && !hold(twice(declared))) return
    message.on('data', take).on('end', finish).on('close', ended).on('error', ended)
  })
}

/** A body counts once for its bytes, and once for what is decoded from them. */
const twice = (bytes: number): number => 2 * bytes

/** The size of the pieces that small chunks are copied into. */
const pieceSize = 16 * 1024

/** Keeps a body's chunks. Small ones are copied together: by itself a chunk of one byte would take some two hundred. */
function createGatheredBody() {
  const chunks: Buffer[] = []
  let [size, held] = [0, 0]
  let piece = Buffer.alloc(0)
  let used = 0

  return {
    size: () => size,
    /** How many bytes of memory it takes. */
    held: () => held,
    add(chunk: Buffer): void {
      size += chunk.length
      // most bodies are a single chunk
      if (chunks.length === 0 || chunk.length >= pieceSize / 4) {
        closePiece()
        chunks.push(chunk)
        held += chunk.length
        return
      }
      if (used + chunk.length > piece.length) {
        closePiece()
        piece = Buffer.allocUnsafeSlow(pieceSize)
        held += pieceSize
      }
      used += chunk.copy(piece, used)
    },
    bytes(): Buffer {
      closePiece()
      return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)
    }
  }

  function closePiece(): void {
    if (used > 0) chunks.push(piece.subarray(0, used))
    used = 0
    piece = Buffer.alloc(0)
  }
}

/** Discards the rest of a body that was answered unread, so that the client can read the answer; closes the connection after a while. */
export function discardRest(message: IncomingMessage, timeoutMs: number): void {
  if (message.complete !== false || message.destroyed) return
  const isUnwanted = unwanted.has(message)
  const timer = setTimeout(() => message.socket.destroy(), isUnwanted ? lingerMs : timeoutMs)
  timer.unref() // it must not keep the process alive
  message.once('close', () => clearTimeout(timer))
  if (!isUnwanted) message.resume()
}

/** Bodies for which there was no memory. Reading them to their end would take more of it, and the time of other requests. */
const unwanted = new WeakSet<IncomingMessage>()
/** How long a client of such a body has to read the answer. */
const lingerMs = 2000
