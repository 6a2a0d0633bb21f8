import type { IncomingMessage, ServerResponse } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { CatalogueError } from '../../domain/errors.ts'

interface UploadBody {
  message: IncomingMessage
  /** Sends `100 Continue`, if the client waits for it, when the first byte is read. */
  response: ServerResponse
  /** The longest pause between two bytes, in milliseconds. A slow upload may take hours. */
  stallMs: number
  /** For the message: what happens to the bytes of an upload that is cut off. */
  fate?: string
}

/** After so many bytes of an upload, which take a millisecond or two, other requests get a turn. */
const bytesPerTurn = 256 * 1024

/** Yields the bytes of a request as they come. Throws too_slow, and parameter_invalid when it is cut off: then nothing may be stored. */
export function uploadBody(body: UploadBody): AsyncGenerator<Uint8Array> {
  keepOpen(body.message)
  return arriving(body)
}

async function* arriving({ message, response, stallMs, fate = 'nothing was stored' }: UploadBody): AsyncGenerator<Uint8Array> {
  let size = 0
  let turnEnds = bytesPerTurn
  let wake = () => {}
  const onEvent = () => wake()
  const events = ['readable', 'end', 'close', 'error'] as const
  sendOn(message, response)
  for (const event of events) message.on(event, onEvent)
  try {
    for (;;) {
      const chunk = message.read() as Buffer | null
      if (chunk !== null) {
        size += chunk.length
        yield chunk
        if (size < turnEnds) continue
        turnEnds = size + bytesPerTurn
        await nextTurn()
      } else if (message.readableEnded) {
        return
      } else if (message.destroyed) {
        throw new CatalogueError('parameter_invalid', `the upload was cut off after ${size} bytes; ${fate}`)
      } else if (!(await woken())) {
        const seconds = Math.round(stallMs / 1000)
        throw new CatalogueError('too_slow', `no byte came for ${seconds} s, after ${size} bytes; ${fate}`)
      }
    }
  } finally {
    for (const event of events) message.off(event, onEvent)
    message.on('error', () => {}) // nobody listens when the connection breaks later
  }

  function woken(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, stallMs, false)
      wake = () => {
        clearTimeout(timer)
        resolve(true)
      }
    })
  }
}

/**
 * Turns off Node's idle timeout for this request: S3 copies a large tarball for minutes after its last byte, and an upload may wait in a queue,
 * while nothing happens on the connection. Node sets its timeout again for the next request.
 */
function keepOpen({ socket }: IncomingMessage): void {
  if ('setTimeout' in socket) socket.setTimeout(0) // inject() has no real socket
}

/** Sends `100 Continue` to a client that waits for it. */
export function sendOn(message: IncomingMessage, response: ServerResponse): void {
  if (stillWaits(message) && !response.headersSent) {
    continued.add(message)
    response.writeContinue()
  }
}

/** Whether the client still waits for `100 Continue` before it sends its body. */
export const stillWaits = (message: IncomingMessage): boolean =>
  message.headers.expect?.toLowerCase() === '100-continue' && !continued.has(message)

const continued = new WeakSet<IncomingMessage>()
