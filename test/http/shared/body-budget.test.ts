import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { admits, createBodyBudget } from '../../../src/http/shared/body-budget.ts'
import { eventually } from '../../support/processes.ts'
import { startServer } from '../../support/start-server.ts'
import { startWithTarballs } from '../../support/tarballs.ts'

const KiB = 1024
const MiB = 1024 * KiB

for (const { others, bytes, admitted } of [
  { others: 0, bytes: 7 * MiB, admitted: true },
  { others: 0, bytes: 7 * MiB + 1, admitted: false },
  { others: 6 * MiB, bytes: MiB, admitted: true },
  { others: 6 * MiB + 1, bytes: MiB, admitted: false },
  { others: 7 * MiB, bytes: 64 * KiB, admitted: true },
  { others: 7 * MiB, bytes: 64 * KiB + 1, admitted: false },
  { others: 8 * MiB, bytes: 1, admitted: false }
]) {
  t.test(`of a budget of 8 MiB of which others take ${others}, ${bytes} bytes are ${admitted ? 'admitted' : 'refused'}`, async (t) => {
    t.equal(admits(8 * MiB, { others, bytes }), admitted)
  })
}

/** Sends the beginning of a form, and never its end. */
async function beginForm(t: Test, { url, path, bytes }: { url: string; path: string; bytes: number }): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  const type = 'application/x-www-form-urlencoded'
  socket.write(`POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: ${bytes + 1}\r\n\r\n`)
  socket.write(Buffer.alloc(bytes, 'x'))
  return socket
}

t.test('a body beyond the budget is refused with 503, small ones are not, and bodies that are given up are given back', async (t) => {
  const bodies = createBodyBudget(8 * MiB)
  const { url } = await startServer(t, { bodies, listen: true })
  const large = new URLSearchParams({ spec: `{"id": "large", "x": "${'x'.repeat(MiB)}"}` })
  const post = (body: URLSearchParams) => fetch(`${url}/api/v0.1/job_spec/add`, { method: 'POST', body })
  const unfinished = await beginForm(t, { url, path: '/job_spec/add', bytes: 3 * MiB })
  await eventually(async () => bodies.used() >= 6 * MiB || undefined, { what: 'the unfinished body is counted' })

  const refused = await post(large)
  const small = await post(new URLSearchParams({ spec: '{"id": "small"}' }))
  unfinished.destroy()
  await eventually(async () => bodies.used() === 0 || undefined, { what: 'the body is given back' })
  const accepted = await post(large)

  t.equal(refused.status, 503)
  t.equal(refused.headers.get('retry-after'), '5')
  t.match(await refused.json(), {
    success: false,
    message: /of the 8388608 bytes that LEPORELLO_BODY_BUDGET allows; try again/,
    result: null
  })
  t.match([small.status, accepted.status, bodies.refused()], [200, 200, 1])
  t.equal(bodies.used(), 0)
})

t.test('our own interface refuses with a problem, and gives back what was wrong or refused', async (t) => {
  const bodies = createBodyBudget(64 * KiB)
  const { url } = await startWithTarballs(t, { bodies, listen: true })
  const put = (body: string) =>
    fetch(`${url}/api/v1/containers/hello%3A1`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body })

  const refused = await put(JSON.stringify({ x: 'x'.repeat(40 * KiB) }))
  const wrong = await put('{')

  t.match([refused.status, refused.headers.get('content-type')], [503, 'application/problem+json'])
  t.match(await refused.json(), { code: 'bodies_exceeded', title: 'bodies exceeded' })
  t.equal(wrong.status, 400)
  t.equal(bodies.used(), 0)
})

t.test('a body that comes byte by byte takes hardly more memory than its bytes', async (t) => {
  const bodies = createBodyBudget()
  const { url } = await startServer(t, { bodies, listen: true })
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  const type = 'application/x-www-form-urlencoded'
  socket.write(`POST /job_spec/add HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n`)
  const text = 'spec={"id": "bytes", "x": "'
  const bytes = [...text, ...'y'.repeat(40_000), ...'"}']

  for (const byte of bytes) socket.write(`1\r\n${byte}\r\n`)
  await eventually(async () => bodies.used() >= 40_000 || undefined, { what: 'the body is counted' })
  const most = bodies.used()
  socket.write('0\r\n\r\n')
  const [answer] = await once(socket, 'data')

  t.match(String(answer), /^HTTP\/1\.1 200 /)
  t.ok(most <= 64 * KiB, `${most} bytes at most`)
  t.equal(bodies.used(), 0)
})

t.test('a body of unknown length counts as the largest one as soon as it is not small', async (t) => {
  const bodies = createBodyBudget(8 * MiB)
  const { url } = await startServer(t, { bodies, bodyLimit: 3 * MiB, listen: true })
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  const type = 'application/x-www-form-urlencoded'
  socket.write(`POST /job_spec/add HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n`)
  const chunk = `8000\r\n${'x'.repeat(32 * KiB)}\r\n`

  socket.write(chunk)
  await eventually(async () => bodies.used() === 32 * KiB || undefined, { what: 'it counts as what came' })
  socket.write(chunk.repeat(2))
  await eventually(async () => bodies.used() === 6 * MiB || undefined, { what: 'it counts as the largest' })
  socket.write('0\r\n\r\n')
  const [answer] = await once(socket, 'data')

  t.match(String(answer), /^HTTP\/1\.1 400 /)
  t.equal(bodies.used(), 0)
})
