import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Test } from 'tap'
import type { BlobStore } from '../../../src/blobs/blob-store.ts'
import { type Overrides, openBlobs, type Started, startServer } from '../../support/start-server.ts'

export interface Dav extends Started {
  blobs: BlobStore
  /** fetch, with a path in /storage/ that is encoded already. */
  ask(path: string, options?: Request): Promise<Response>
}

/** What fetch takes in Node is more than its types say: a Buffer, a generator of chunks. */
export type Request = Omit<RequestInit, 'body'> & { body?: string | Uint8Array | AsyncIterable<Uint8Array>; duplex?: 'half' }

/** A server that listens, with a directory of tarballs. */
export async function startDav(t: Test, options: Overrides = {}): Promise<Dav> {
  const blobs = options.blobs ?? (await openBlobs(t))
  const started = await startServer(t, { ...options, blobs, listen: true })
  return { ...started, blobs, ask: (path, options) => fetch(`${started.url}/storage/${path}`, options as RequestInit) }
}

/** A connection on which bytes are written by hand; `said` is what came back so far. */
export async function rawConnection(
  t: Test,
  url: string
): Promise<{ socket: Socket; said(): string; says(pattern: RegExp): Promise<void> }> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk
  })
  return {
    socket,
    said: () => text,
    async says(pattern) {
      while (!pattern.test(text)) await Promise.race([once(socket, 'data'), once(socket, 'close').then(() => missing(pattern))])
    }
  }

  function missing(pattern: RegExp): void {
    if (!pattern.test(text)) throw new Error(`the connection ended without ${pattern}: ${text}`)
  }
}
