import t from 'tap'
import { eventually } from '../support/processes.ts'
import { attacked, firstAnswer, tally } from './victim.ts'

/* What one client can do to the others, against a real server process. Printed: counts, memory, and how long others waited. */

const MiB = 2 ** 20
const formHead = (path: string, length: number) =>
  `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: ${length}\r\n\r\n`
const chunkedHead = (path: string) =>
  `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-www-form-urlencoded\r\ntransfer-encoding: chunked\r\n\r\n`
const count = (counts: Record<string, number>, status: number) =>
  Object.entries(counts).reduce((sum, [line, n]) => sum + (line.startsWith(`HTTP/1.1 ${status} `) ? n : 0), 0)

for (const declared of [true, false]) {
  t.test(`110 unfinished bodies of 31 MiB ${declared ? '' : 'in chunks '}take no more memory than the budget`, async (t) => {
    const part = Buffer.alloc(31 * MiB, 'x')
    const head = declared ? formHead('/job_spec/add', 32 * MiB - 1) : `${chunkedHead('/job_spec/add')}${(31 * MiB).toString(16)}\r\n`
    const { peak, afterwards, others } = await attacked(t, {
      async attack({ send, metric }) {
        const answers: string[] = []
        const sent = Array.from({ length: 110 }, () => {
          const socket = send(head)
          return new Promise<void>((resolve) => {
            void firstAnswer(socket).then((line) => {
              answers.push(line)
              resolve()
            })
            socket.write(part, () => resolve())
          })
        })
        await Promise.all(sent)
        const held = await metric('leporello_body_bytes')
        const refused = await metric('leporello_bodies_refused_total')
        const counts = tally(answers)
        t.ok(held <= 256 * MiB, `${held} bytes are held`)
        t.ok(refused >= 50, 'most are refused')
        // a client that goes on sending for two seconds before it reads sees its connection closed
        t.strictSame(
          Object.keys(counts).filter((line) => !/^(HTTP\/1\.1 503 |closed)/.test(line)),
          []
        )
        return { answers: JSON.stringify(counts), held, refused }
      },
      recovered: async ({ metric }) => (await metric('leporello_body_bytes')) === 0
    })

    t.ok(peak < 400, `${peak} MiB at most`)
    t.ok(afterwards < 400, `${afterwards} MiB afterwards`)
    t.strictSame(others.refused, {})
  })
}

/** What a server that is started with so few files takes for its connections. */
const scarceFiles = { files: 200, settings: { CONNECTIONS: '68' } }

t.test('400 idle connections where 200 files may be open keep nobody out', async (t) => {
  const { others } = await attacked(t, {
    ...scarceFiles,
    async attack({ send, metric }) {
      const sockets = Array.from({ length: 400 }, () => send(''))
      for (const socket of sockets) socket.resume()
      const evicted = async () => (await metric('leporello_connections_evicted_total')) >= 300 || undefined
      await eventually(evicted, { what: '300 connections are closed', everyMs: 20 })
      return { evicted: await metric('leporello_connections_evicted_total'), open: await metric('leporello_connections') }
    }
  })

  t.ok(others.answered > 0)
  t.strictSame(others.refused, {})
})

t.test('200 connections that send their headers byte by byte keep nobody out', async (t) => {
  const { others } = await attacked(t, {
    ...scarceFiles,
    async attack({ send, metric }) {
      const sockets = Array.from({ length: 200 }, () => send('GET /container/list HTTP/1.1\r\nhost: 127.0.0.1\r\n'))
      for (let i = 0; i < 50; i++) {
        for (const socket of sockets) if (socket.writable) socket.write(`x-${i}: ${i}\r\n`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      return { evicted: await metric('leporello_connections_evicted_total'), refused: await metric('leporello_connections_refused_total') }
    }
  })

  t.ok(others.answered > 0)
  t.strictSame(others.refused, {})
})

for (const { what, path, metric: name, most } of [
  { what: 'event streams', path: '/api/v1/events', metric: 'leporello_event_streams', most: 50 },
  { what: 'waits', path: '/api/v1/containers/none/wait?timeout=300', metric: 'leporello_waits', most: 64 }
]) {
  t.test(`of ${what} one client has its share`, async (t) => {
    const { others } = await attacked(t, {
      async attack({ send, metric, url }) {
        const request = `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`
        const refused = Array.from({ length: 300 }, () => firstAnswer(send(request)))
        const answers: string[] = []
        for (const one of refused) void one.then((line) => answers.push(line))
        const enough = async () => count(tally(answers), 429) >= 300 - most || undefined
        await eventually(enough, { what: `all but ${most} are refused`, everyMs: 20 })
        const another = await fetch(`${url}/api/v1/events`, { headers: { 'x-forwarded-for': '192.0.2.1' } })
        await another.body?.cancel()
        await eventually(async () => (await metric(name)) === most || undefined, {
          what: `the other client has left, and ${most} are taken`
        })
        t.equal(another.status, 200)
        return { answers: JSON.stringify(tally(answers)) }
      },
      recovered: async ({ metric }) => (await metric(name)) === 0
    })

    t.strictSame(others.refused, {})
  })
}

t.test('open uploads of 50 GiB have room on the disk, or are refused; one client has its share of them', async (t) => {
  const { others } = await attacked(t, {
    async attack({ url, metric }) {
      const metadata = `id ${Buffer.from('hello:1').toString('base64')}`
      const create = (size: number) =>
        fetch(`${url}/api/v1/uploads`, {
          method: 'POST',
          headers: { 'tus-resumable': '1.0.0', 'upload-length': String(size), 'upload-metadata': metadata }
        }).then(async (reply) => {
          await reply.arrayBuffer()
          return reply.status
        })
      const large: number[] = []
      for (let i = 0; i < 1500; i += 50) large.push(...(await Promise.all(Array.from({ length: 50 }, () => create(50 * 2 ** 30)))))
      const awaited = await metric('leporello_open_upload_bytes')
      const small: number[] = []
      for (let i = 0; i < 300; i += 50) small.push(...(await Promise.all(Array.from({ length: 50 }, () => create(10)))))
      t.ok(large.includes(507) || large.includes(429), 'beyond the room, or the share, they are refused')
      t.ok(awaited <= 250 * 50 * 2 ** 30, `${awaited} bytes are awaited`)
      t.ok(small.includes(429), 'beyond the share they are refused')
      t.ok((await metric('leporello_open_uploads')) <= 250)
      return { 'of 50 GiB': JSON.stringify(tally(large)), 'of 10 bytes': JSON.stringify(tally(small)) }
    }
  })

  t.strictSame(others.refused, {})
})

t.test('large specifications hold nobody up, in the server or in a removal', async (t) => {
  const { others } = await attacked(t, {
    async attack({ url }) {
      const add = async (spec: string) => {
        const reply = await fetch(`${url}/job_spec/add`, { method: 'POST', body: new URLSearchParams({ spec }) })
        await reply.arrayBuffer()
        return reply.status
      }
      const many = (values: number) => `{"id": "many", "container": "hello:1", "a": [${'{"a":1},'.repeat(values)}1]}`
      const [refused, accepted, long] = [
        await add(many(900_000)),
        await add(many(49_000)),
        await add(`{"id": "long", "x": "${'é'.repeat(3e6)}"}`)
      ]
      const answer = await fetch(`${url}/api/v1/containers/hello%3A1?dryRun=true`, { method: 'DELETE' })
      const { warnings } = (await answer.json()) as { warnings: { ids: string[] }[] }
      t.match([refused, accepted, long, answer.status], [400, 200, 200, 200])
      t.match(warnings, [{ ids: ['many'] }])
      return { answers: JSON.stringify({ '900,000 objects': refused, '49,000 objects': accepted, '3 million letters': long }) }
    }
  })

  t.ok(others.answered > 0)
  t.strictSame(others.refused, {})
})

t.test('JSON nested deeply is refused, and costs others nothing', async (t) => {
  const { others } = await attacked(t, {
    async attack({ url }) {
      const answers: number[] = []
      const deep = '['.repeat(30_000) + ']'.repeat(30_000)
      for (const [method, path] of [
        ['PUT', '/api/v1/containers/x'],
        ['PATCH', '/api/v1/containers/x'],
        ['POST', '/api/v1/batch'],
        ['POST', '/api/v1/plan'],
        ['PUT', '/api/v1/containers/x/expected'],
        ['PUT', '/api/v1/containers/x/builds/arm64'],
        ['POST', '/container/add'],
        ['POST', '/job_spec/add']
      ] as const) {
        const send = () => fetch(`${url}${path}`, { method, headers: { 'content-type': 'application/json' }, body: deep })
        const replies = await Promise.all(Array.from({ length: 10 }, send))
        for (const reply of replies) answers.push((await reply.arrayBuffer()) && reply.status)
      }
      t.strictSame(tally(answers), { 400: 80 })
      return { answers: JSON.stringify(tally(answers)) }
    }
  })

  t.strictSame(others.refused, {})
})
