import type { IncomingMessage } from 'node:http'
import { CatalogueError } from '../../domain/errors.ts'

export interface BodyBounds {
  /** In bytes. */
  limit: number
  /** The time until the last byte, in milliseconds. */
  timeoutMs: number
}

export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

/** Reads the whole body. Throws too_large, too_slow, or parameter_invalid when it ended early; the rest is then left unread. */
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
 * Discards the rest of a body whose request was already answered, so that the client can finish sending and read the answer; closes the
 * connection after a while.
 */
export function discardRest(message: IncomingMessage, timeoutMs: number): void {
  if (message.complete !== false || message.destroyed) return
  const timer = setTimeout(() => message.socket.destroy(), timeoutMs)
  timer.unref() // it must not keep the process alive
  message.once('close', () => clearTimeout(timer)).resume()
}
