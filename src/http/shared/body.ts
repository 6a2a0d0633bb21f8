import type { IncomingMessage } from 'node:http'
import { CatalogueError } from '../../domain/errors.ts'

export interface BodyBounds {
  /** In bytes. */
  limit: number
  /** From now to the last byte. */
  timeoutMs: number
}

export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

/** The whole body. Throws too_large, too_slow, or parameter_invalid when it ended early; then the rest is not read. */
export function readBody(message: IncomingMessage, { limit, timeoutMs }: BodyBounds): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const tooLarge = () => new CatalogueError('too_large', `the body is larger than ${limit} bytes, the most that is read here`)
    const timer = setTimeout(() => {
      stop(new CatalogueError('too_slow', `the body did not arrive within ${timeoutMs} ms (${size} bytes did)`))
    }, timeoutMs)

    function stop(error?: Error): void {
      clearTimeout(timer)
      message.off('data', take).off('end', finish).off('close', ended).off('error', ended)
      if (error) {
        message.on('error', () => {})
        reject(error)
      } else {
        resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size))
      }
    }
    function take(chunk: Buffer): void {
      size += chunk.length
      if (size > limit) stop(tooLarge())
      else chunks.push(chunk)
    }
    const finish = () => stop()
    const ended = () => stop(new CatalogueError('parameter_invalid', `the body ended early, after ${size} bytes`))

    if (Number(message.headers['content-length']) > limit) return stop(tooLarge())
    message.on('data', take).on('end', finish).on('close', ended).on('error', ended)
  })
}

/**
 * Throws away what still comes of a body that was answered unread, so that the client can finish sending and read the answer; but not
 * for ever.
 */
export function discardRest(message: IncomingMessage, timeoutMs: number): void {
  if (message.complete !== false || message.destroyed) return
  const timer = setTimeout(() => message.socket.destroy(), timeoutMs)
  timer.unref() // it shall not keep a process that ends
  message.once('close', () => clearTimeout(timer)).resume()
}
