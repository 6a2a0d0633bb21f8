import type { LookupAddress } from 'node:dns'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createSocketServer, type Server, type Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { SourceSettings } from '../../src/sources/policy.ts'
import type { Resolve } from '../../src/sources/reach.ts'
import { createSources, type SourcesOptions } from '../../src/sources/sources.ts'

interface Test {
  teardown(end: () => unknown): void
}

export interface Site {
  port: number
  /** What was asked, in order. */
  requests: Pick<IncomingMessage, 'method' | 'url' | 'headers'>[]
}

/** An HTTP server on one of this machine's own addresses; 127.0.0.2 and so on stand for other hosts. */
export async function startSite(t: Test, answer: RequestListener, { address = '127.0.0.1', port = 0 } = {}): Promise<Site> {
  const requests: Site['requests'] = []
  const server = createServer((request, response) => {
    const { method, url, headers } = request
    requests.push({ method, url, headers })
    answer(request, response)
  })
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: await listen(server, { address, port }), requests }
}

/** A server that says what HTTP servers do not, or nothing. */
export async function startSocket(t: Test, talk: (socket: Socket) => void): Promise<Site> {
  const sockets = new Set<Socket>()
  const server = createSocketServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    talk(socket)
  })
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: await listen(server, { address: '127.0.0.1', port: 0 }), requests: [] }
}

function listen(server: Server, { address, port }: { address: string; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, address, () => resolve((server.address() as AddressInfo).port))
  })
}

/** A name server whose every name has a list of answers, one a question; the last one stays. */
export function fakeNames(names: Record<string, (string | string[])[]>): Resolve & { asked: string[] } {
  const asked: string[] = []
  const resolve = async (host: string): Promise<LookupAddress[]> => {
    const answers = names[host]
    const answer = answers?.[Math.min(asked.filter((name) => name === host).length, answers.length - 1)]
    asked.push(host)
    if (answer === undefined) throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' })
    return [answer].flat().map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  }
  return Object.assign(resolve, { asked })
}

/** Sources with every kind of URL shut but the ones given. */
export const sourcesFor = (settings: Partial<SourceSettings>, options: Omit<SourcesOptions, 'settings'> = {}) =>
  createSources({ settings: { mode: 'all', hosts: [], buckets: [], roots: [], ...settings }, ...options })

export async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
