import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { registryAsk } from '../../src/cli/client/http-client.ts'
import { parseRegistryAddress, repositoryAt } from '../../src/registries/address.ts'
import type { CredentialsOf } from '../../src/registries/docker-credentials.ts'
import { openRegistry, type Registry } from '../../src/registries/registry.ts'

export type Answer = (request: IncomingMessage, reply: ServerResponse) => void

export interface FakeServer {
  host: string
  url: string
  requests: IncomingMessage[]
}

/** A server that ends with the test, and what it was asked. */
export async function serverOf(t: Test, answer: Answer): Promise<FakeServer> {
  const requests: IncomingMessage[] = []
  const server = createServer((request, reply) => {
    requests.push(request)
    answer(request, reply.setHeader('connection', 'close'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  })
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return { host, url: `http://${host}`, requests }
}

/** A registry that answers these paths, and 404 for others. */
export const answering =
  (answers: Record<string, unknown>, { status = 200, headers = {} as Record<string, string> } = {}): Answer =>
  ({ url = '' }, reply) => {
    const found = url === '/v2/' ? {} : answers[url]
    reply.writeHead(found === undefined ? 404 : status, headers)
    reply.end(typeof found === 'string' ? found : JSON.stringify(found ?? { errors: [{ code: 'NAME_UNKNOWN', message: 'unknown' }] }))
  }

export function open(host: string, { credentialsOf = async () => undefined }: { credentialsOf?: CredentialsOf } = {}): Registry {
  const address = parseRegistryAddress(host, { plainHttp: false })
  return openRegistry({ address, ask: registryAsk({}), credentialsOf, atOnce: 4, plainHttp: false })
}

export const whole = (repository: string): string =>
  repositoryAt({ base: new URL('http://x'), host: 'x', namespace: '' }, repository.replace(/:.*/, ''))
