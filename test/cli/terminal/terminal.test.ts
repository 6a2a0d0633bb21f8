import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { openApi } from '../../../src/cli/client/api.ts'
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
