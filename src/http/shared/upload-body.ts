import type { IncomingMessage, ServerResponse } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { CatalogueError } from '../../domain/errors.ts'

export interface UploadBody {
  message: IncomingMessage
  /** Is told to send on, when it waits for that, at the first byte that is asked for. */
  response: ServerResponse
  /** How long no byte may come. Bytes that flow slowly may take hours. */
  stallMs: number
  /** What becomes of what came of a body that broke off, for the message. */
  fate?: string
}

/** So much of an upload is digested, inspected and written before all others have their turn: a millisecond or two. */
const bytesPerTurn = 256 * 1024

/**
 * The bytes of a request as they arrive, however many. Throws too_slow when none came for so long, and parameter_invalid when the
 * connection ended before the body did; then who stores them stores nothing.
 */
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
    message.on('error', () => {}) // a connection that breaks later is nobody's
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
 * Lets a request last as long as storing it does. S3 copies a large tarball for minutes after its last byte, and an upload may wait for
 * its turn: to the server that is a connection on which nothing happens. Node sets its own limit again for the next request.
 */
function keepOpen({ socket }: IncomingMessage): void {
  if ('setTimeout' in socket) socket.setTimeout(0) // inject() has no real one
}

/** Whether the client sends its body only when it is told to. */
export const waitsToSend = ({ headers }: IncomingMessage): boolean => headers.expect?.toLowerCase() === '100-continue'

/** `100 Continue`, to who waits for it. */
export function sendOn(message: IncomingMessage, response: ServerResponse): void {
  if (waitsToSend(message) && !told.has(message) && !response.headersSent) {
    told.add(message)
    response.writeContinue()
  }
}

/** Whether it waited, and was not told. */
export const stillWaits = (message: IncomingMessage): boolean => waitsToSend(message) && !told.has(message)

const told = new WeakSet<IncomingMessage>()
