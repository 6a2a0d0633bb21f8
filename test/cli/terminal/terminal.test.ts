import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { openApi } from '../../../src/cli/client/api.ts'
import { shortLine } from '../../../src/cli/terminal/log-lines.ts'
import { columns, harmless, paintFor, size } from '../../../src/cli/terminal/terminal.ts'

t.test('columns are aligned, coloured on a terminal that has colours, and never steered by what they show', (t) => {
  const terminal = (colours: boolean) => ({ isTTY: true, hasColors: () => colours }) as NodeJS.WriteStream
  const rows = [
    [{ text: 'a', colour: 'red' as const }, { text: 'x' }],
    [{ text: 'long\u001b[2J' }, { text: '' }]
  ]

  t.strictSame(columns(rows, paintFor(terminal(true))), ['\u001b[31ma\u001b[39m              x', 'long\\u001b[2J'])
  t.strictSame(columns(rows, paintFor(terminal(false))), ['a              x', 'long\\u001b[2J'])
  t.strictSame(columns(rows, paintFor({} as NodeJS.WriteStream)), ['a              x', 'long\\u001b[2J'])
  t.equal(harmless('a\u202eb'), 'a\\u202eb')
  t.end()
})

t.test('sizes are for people', (t) => {
  t.strictSame([0, 999, 1000, 3_210_000, 123_456_789, null].map(size), ['0 B', '999 B', '1.0 kB', '3.2 MB', '123 MB', '-'])
  t.end()
})

t.test('a token goes along, an address as HySDS configures it is understood, and what is no Leporello is said to be none', async (t) => {
  const seen: { url: string | undefined; authorization: string | undefined }[] = []
  const server = createServer(({ url, headers }, response) => {
    seen.push({ url, authorization: headers.authorization })
    response.end(url === '/half' ? '<html>' : '{"ok": true}')
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`

  await openApi(`http://${address}/mozart/api/v0.1/`, { token: 'swordfish' }).ask({ path: '/x', query: { a: 'b c', none: undefined } })
  await openApi(`http://ops:pa%3Ass@${address}`).ask({ path: '/y' })
  await openApi(`http://ops:100%zz@${address}`).ask({ path: '/z' })

  t.strictSame(seen, [
    { url: '/mozart/x?a=b+c', authorization: 'Bearer swordfish' },
    { url: '/y', authorization: `Basic ${Buffer.from('ops:pa:ss').toString('base64')}` },
    { url: '/z', authorization: `Basic ${Buffer.from('ops:100%zz').toString('base64')}` }
  ])
  await t.rejects(openApi(`http://${address}`).ask({ path: '/half' }), { message: /did not answer as Leporello does: "<html>"/ })
})

t.test('/v2/ is asked at the root of the host, with what a proxy wants', async (t) => {
  const { base, token } = openApi('http://ops:secret@registry:8888/mozart/api/v0.1', { token: 'swordfish' }).registry()

  t.equal(base.href, 'http://ops:secret@registry:8888/')
  t.equal(token, 'swordfish')
})

t.test('a line of the log is one short line on a terminal, which it cannot steer', (t) => {
  const plain = (text: string) => text
  const time = '2026-01-02T03:04:05.678Z'
  const request = {
    level: 'info',
    time,
    request: 'r1',
    method: 'GET',
    path: '/container/info',
    status: 200,
    ms: 2.71,
    bytes: 9,
    id: 'hello:1'
  }
  const cases: [object, string][] = [
    [request, '03:04:05  200  GET /container/info  3 ms  hello:1'],
    [{ ...request, id: 'a\u001b[2J', aborted: true }, '03:04:05  200  GET /container/info  3 ms  a\\u001b[2J  broken off'],
    [{ level: 'info', time, msg: 'closed' }, '03:04:05  closed'],
    [
      { level: 'error', time, msg: 'it failed', causes: [{ message: 'no answer' }, { message: 'ECONNREFUSED' }] },
      '03:04:05  error  it failed  no answer: ECONNREFUSED'
    ]
  ]
  for (const [line, expected] of cases) t.equal(shortLine(JSON.stringify(line), plain), expected)
  t.end()
})
