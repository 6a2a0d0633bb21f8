import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { registryAsk } from '../../src/cli/client/http-client.ts'
import { parseRegistryAddress } from '../../src/registries/address.ts'
import { connectRegistry } from '../../src/registries/connection.ts'
import { registryRepository } from '../../src/registries/repository.ts'
import { digestOfBytes } from '../support/oci.ts'
import { serverOf } from './fake-registry.ts'

const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => `${i}`).join(' '))
const digest = digestOfBytes(bytes)

interface Told {
  /** What it says of an upload of which it has so many bytes. */
  status(length: number): [status: number, headers: Record<string, string>]
}

/** A registry that hangs up in the middle of the first PATCH. */
async function brokenOnce(t: Test, { status }: Told) {
  const ranges: (string | undefined)[] = []
  let [uploads, breaks] = [0, 1]
  let received = Buffer.alloc(0)
  const { host } = await serverOf(t, async (request, reply) => {
    const { method, url, headers } = request
    if (method === 'HEAD') return reply.writeHead(404).end()
    if (method === 'POST') {
      received = Buffer.alloc(0)
      return reply.writeHead(202, { location: `/v2/x/blobs/uploads/${++uploads}?_state=a%2Bb` }).end()
    }
    if (method === 'GET') return reply.writeHead(...status(received.length)).end()
    if (method === 'PUT') {
      const isRight = url === `/v2/x/blobs/uploads/${uploads}?_state=c&digest=${digest}` && digestOfBytes(received) === digest
      return reply.writeHead(isRight ? 201 : 400, { 'docker-content-digest': digest }).end()
    }
    ranges.push(headers['content-range'])
    for await (const chunk of request) {
      received = Buffer.concat([received, chunk])
      if (received.length > bytes.length / 2 && breaks-- > 0) return request.socket.destroy()
    }
    return reply.writeHead(202, { location: `http://${host}/v2/x/blobs/uploads/${uploads}?_state=c` }).end()
  })
  const address = parseRegistryAddress(host, { plainHttp: false })
  const signIn = { credentialsOf: async () => undefined, writes: true }
  const connection = connectRegistry({ address, ask: registryAsk({}), atOnce: 4, plainHttp: false, ...signIn })
  const repository = registryRepository({ ...connection, repository: 'x' })
  const patience = { patienceMs: 60_000, now: () => 0, wait: async () => {}, tell: () => {}, signal: new AbortController().signal }
  const opened: number[] = []
  const open = async (from: number) => {
    opened.push(from)
    return Readable.from([bytes.subarray(from)], { objectMode: false })
  }
  const send = () => repository.sendBlob({ digest, size: bytes.length, open, at: () => {} }, patience)
  return { send, ranges, opened, uploads: () => uploads }
}

t.test('an upload goes on where the registry says that it broke off', async (t) => {
  let told = 0
  const { send, ranges, opened, uploads } = await brokenOnce(t, {
    status(length) {
      told = length
      return [204, { range: `0-${length - 1}` }]
    }
  })

  t.equal(await send(), 'sent')
  t.strictSame(ranges, [undefined, `${told}-${bytes.length - 1}`])
  t.ok(told > bytes.length / 2)
  t.strictSame(opened, [0, told], 'the source is read from there on')
  t.equal(uploads(), 1)
})

const silent: [name: string, status: Told['status']][] = [
  ['refuses to tell', () => [416, {}]],
  ['has forgotten the upload', () => [404, {}]],
  ['says no range', () => [204, {}]],
  ['has nothing, or one byte', () => [204, { range: '0-0' }]]
]
for (const [name, status] of silent) {
  t.test(`an upload begins anew where the registry ${name}`, async (t) => {
    const { send, ranges, opened, uploads } = await brokenOnce(t, { status })

    t.equal(await send(), 'sent')
    t.strictSame(ranges, [undefined, undefined])
    t.strictSame(opened, [0, 0])
    t.equal(uploads(), 2)
  })
}
