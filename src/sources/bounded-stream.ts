import { finished, Readable } from 'node:stream'
import { isCatalogueError } from '../domain/errors.ts'
import type { Opening } from './http.ts'
import { failureReason, sourceError } from './refusals.ts'

interface StreamBounds extends Pick<Opening, 'life' | 'patience' | 'maxBytes'> {
  /** The tarball's name in a message. */
  what: string
  /** How many bytes must arrive, where the server announced it. */
  expected?: number | undefined
  /** Called once, at the end. */
  release?: () => void
}

/** Returns the bytes of `source`; it fails after silence, a broken connection, too many bytes or a missed deadline. Throws too_large. */
export function boundedStream(source: Readable, bounds: StreamBounds): Readable {
  const { what, life, patience, maxBytes, expected, release } = bounds
  if (expected !== undefined && expected > maxBytes) {
    throw sourceError('too_large', `${what} has ${expected} bytes; at most ${maxBytes} are read`)
  }
  let bytes = 0
  let wanting = false

  const fail = (message: string, cause?: unknown) => stream.destroy(sourceError('source_unavailable', `${what} ${message}`, cause))
  // runs only while we wait for bytes: a slow reader is not the server's fault
  const silence = setTimeout(() => wanting && fail(`sent nothing for ${patience.idleMs / 1000} s, after ${bytes} bytes`), patience.idleMs)
  const stop = () => stream.destroy(life.signal.reason)

  const stream = new Readable({
    highWaterMark: 256 * 1024,
    read() {
      wanting = true
      silence.refresh()
      source.resume()
    },
    destroy(error, done) {
      clearTimeout(silence)
      life.signal.removeEventListener('abort', stop)
      life.end()
      source.destroy()
      release?.()
      done(error)
    }
  })

  source.on('data', (chunk: Buffer) => {
    wanting = false
    bytes += chunk.length
    if (bytes > maxBytes)
      stream.destroy(sourceError('too_large', `${what} has more than ${maxBytes} bytes, which is the most that is read`))
    else if (!stream.push(chunk)) source.pause()
  })
  source.pause()
  finished(source, { writable: false }, (error) => {
    if (stream.destroyed) return
    if (isCatalogueError(error)) stream.destroy(error)
    else if (error)
      fail(`broke off after ${bytes} bytes${expected === undefined ? '' : ` of ${expected}`} (${failureReason(error)})`, error)
    else if (expected !== undefined && bytes !== expected) fail(`ended after ${bytes} bytes instead of ${expected}; was it being written?`)
    else stream.push(null)
  })
  if (life.signal.aborted) stop()
  else life.signal.addEventListener('abort', stop, { once: true })
  return stream
}
