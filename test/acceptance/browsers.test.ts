import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { startChromium } from '../support/chromium.ts'
import { type Leporello, startLeporello } from '../support/leporello.ts'
import { eventually } from '../support/processes.ts'

/** A site with one empty page, on which a test runs what an attacker would write. */
async function startHostileSite(t: Test): Promise<number> {
  const server = createServer((_request, reply) =>
    reply.setHeader('content-type', 'text/html').end('<!doctype html><title>hostile</title>')
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function start(t: Test, settings: Record<string, string> = {}): Promise<Leporello> {
  const server = await startLeporello({ LOG_LEVEL: 'info', ...settings })
  t.teardown(() => server.stop())
  for (const id of ['hello:1', 'hello:2'])
    await fetch(`${server.url}/container/add?name=${id}&version=1&digest=d&url=s3://b/x`, { method: 'POST' })
  return server
}

/** What is registered, as a program is told. */
async function registered(url: string): Promise<string[]> {
  const { result } = (await (await fetch(`${url}/container/list`)).json()) as { result: string[] }
  return result.sort()
}

const statusesIn = (output: string, words: string): number[] =>
  output
    .split('\n')
    .filter((line) => line.includes(words))
    .map((line) => Number(/"status":(\d+)/.exec(line)?.[1]))

/** Everything by which a page can make its browser send a request that changes something; `target` is the server under attack. */
async function attack(page: Page, target: string): Promise<void> {
  await page.evaluate(async (target) => {
    const add = (how: string) => `${target}/api/v0.1/container/add?name=evil-${how}&version=1&digest=d&url=s3://evil/x`
    const remove = (how: string) => `${target}/container/remove?id=hello:1&how=${how}`
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const batch = JSON.stringify({ operations: [{ op: 'remove', id: 'hello:1' }] })
    const sent: Promise<unknown>[] = [
      fetch(add('cors'), { method: 'POST', headers: form, body: 'x=y' }),
      fetch(add('no-cors'), { method: 'POST', mode: 'no-cors', headers: form, body: 'x=y' }),
      fetch(add('credentials'), { method: 'POST', mode: 'no-cors', credentials: 'include' }),
      fetch(add('no-referrer'), { method: 'POST', mode: 'no-cors', referrerPolicy: 'no-referrer' }),
      fetch(remove('cors')),
      fetch(remove('no-cors'), { mode: 'no-cors' }),
      fetch(remove('no-referrer'), { mode: 'no-cors', referrerPolicy: 'no-referrer' }),
      fetch(`${target}/api/v1/batch`, { method: 'POST', mode: 'no-cors', headers: { 'content-type': 'text/plain' }, body: batch }),
      fetch(`${target}/api/v1/containers/hello:1`, { method: 'DELETE' }),
      fetch(`${target}/api/v1/containers/hello:1`, { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: '{}' }),
      fetch(`${target}/storage/evil.tar`, { method: 'PUT', body: 'x' }),
      fetch(`${target}/api/v1/uploads`, { method: 'POST', mode: 'no-cors', body: 'x' })
    ]
    navigator.sendBeacon(add('beacon'), new Blob(['x=y'], { type: 'application/x-www-form-urlencoded' }))
    const load = (name: 'img' | 'script' | 'iframe', attributes: Record<string, string>) =>
      new Promise<void>((resolve) => {
        const element = Object.assign(document.createElement(name), attributes, { onload: () => resolve(), onerror: () => resolve() })
        document.body.append(element)
      })
    sent.push(load('img', { src: remove('img') }), load('img', { src: remove('img-silent'), referrerPolicy: 'no-referrer' }))
    sent.push(load('script', { src: remove('script') }), load('iframe', { src: remove('iframe') }))
    const frame = Object.assign(document.createElement('iframe'), { name: 'frame' })
    document.body.append(frame)
    for (const [how, method] of [
      ['form-post', 'POST'],
      ['form-get', 'GET']
    ] as const) {
      const element = Object.assign(document.createElement('form'), { method, target: 'frame' })
      element.action = method === 'POST' ? add(how) : `${target}/container/remove`
      element.innerHTML = `<input name=id value="hello:1"><input name=how value="${how}">`
      document.body.append(element)
      const loaded = new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }))
      element.submit()
      await loaded
    }
    await Promise.allSettled(sent)
  }, target)
}

/** What a page can read of a server: the beginning of each text, or why not. */
const read = (page: Page, target: string, paths: string[]): Promise<string[]> =>
  page.evaluate(
    ({ target, paths }) =>
      Promise.all(
        paths.map(async (path) => {
          try {
            const answer = await fetch(target + path)
            return `${answer.status} ${(await answer.text()).slice(0, 200)}`
          } catch {
            return 'unreadable'
          }
        })
      ),
    { target, paths }
  )

const ownPaths = [
  '/api/v1/containers',
  '/api/v1/containers/hello:1',
  '/%61pi/v1/containers',
  '/storage/',
  '/api/v1/uploads',
  '/api/v1/nothing'
]

t.test('a hostile page writes nothing and reads nothing of our own faces, whatever its origin', async (t) => {
  const [server, port, browser] = await Promise.all([start(t), startHostileSite(t), startChromium(t)])
  const { port: ours } = new URL(server.url)
  const before = await registered(server.url)

  for (const origin of [`http://127.0.0.1:${port}`, `http://localhost:${port}`, `http://evil.example:${port}`]) {
    for (const target of [`http://127.0.0.1:${ours}`, `http://localhost:${ours}`]) {
      const page = await browser.newPage()
      await page.goto(origin)
      await attack(page, target)
      t.strictSame(
        await read(page, target, ownPaths),
        ownPaths.map(() => 'unreadable'),
        `${origin} reads of ${target}`
      )
      t.match((await read(page, target, ['/container/list']))[0], /^200 .*hello:1/s, "Mozart's reads are for every page, as they were")
      // as a link does, in the window itself
      await page.goto(`${origin}/`)
      await page.evaluate((url) => window.location.assign(url), `${target}/container/remove?id=hello:2&how=link`)
      await page.waitForURL(/how=link/)
      t.match(await page.textContent('body'), /LEPORELLO_CORS/)
      await page.close()
      t.strictSame(await registered(server.url), before, `${origin} on ${target}`)
    }
  }
  for (const how of ['/container/add', '/container/remove', '/api/v1/batch', '/api/v1/uploads']) {
    const statuses = statusesIn(server.output(), how).slice(how === '/container/add' ? 2 : 0)
    t.ok(statuses.includes(403), `${how} was tried`)
    t.notOk(
      statuses.some((status) => status < 300 && how !== '/api/v1/uploads'),
      `${how}: ${statuses}`
    )
  }
})

t.test('over plain http to another machine, where browsers tell less, it is the same', async (t) => {
  const [port, browser] = await Promise.all([startHostileSite(t), startChromium(t)])
  const server = await start(t, { HOST: '0.0.0.0', PUBLIC_URL: 'http://registry.example', POLICY: 'open' })
  const before = await registered(server.url)
  const target = `http://registry.example:${new URL(server.url).port}`
  const page = await browser.newPage()
  await page.goto(`http://evil.example:${port}`)

  await attack(page, target)

  t.strictSame(
    await read(page, target, ownPaths),
    ownPaths.map(() => 'unreadable')
  )
  t.strictSame(await registered(server.url), before)
  const silent = statusesIn(server.output(), '/container/remove')
  t.ok(silent.length >= 6, `${silent.length} removals were tried`)
  t.ok(silent.every((status) => status === 403))
})

t.test('a name of the attacker that now leads to this machine (DNS rebinding) gets nothing', async (t) => {
  const [server, browser] = await Promise.all([start(t), startChromium(t)])
  const before = await registered(server.url)
  const target = `http://rebound.example:${new URL(server.url).port}`
  const page = await browser.newPage()

  const opened = await page.goto(`${target}/container/list`)
  await attack(page, target)

  t.equal(opened!.status(), 403)
  t.match(await opened!.text(), /DNS rebinding/)
  for (const answer of await read(page, target, ['/container/info?id=hello:1', '/api/v1/containers', '/storage/', '/metrics', '/docs'])) {
    t.match(answer, /^403 /)
  }
  t.strictSame(await registered(server.url), before)
})

t.test('our own page runs, and may write; nobody may frame it', async (t) => {
  const [server, port, browser] = await Promise.all([start(t), startHostileSite(t), startChromium(t)])
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))

  await page.goto(`${server.url}/docs`)
  await page.waitForSelector('#swagger-ui .opblock')
  t.strictSame(complaints, [], 'its policy permits all that it needs')
  const write = '/container/add?name=mine:1&version=1&digest=d&url=s3://b/x'
  const added = await page.evaluate(async (url) => (await fetch(url, { method: 'POST' })).status, write)
  const removed = await page.evaluate(async () => (await fetch('/container/remove?id=mine:1')).status)
  t.strictSame([added, removed], [200, 200])

  await page.goto(`http://evil.example:${port}`)
  await page.evaluate((src) => document.body.append(Object.assign(document.createElement('iframe'), { src })), `${server.url}/docs`)
  await eventually(async () => complaints.some((text) => /frame/i.test(text)) || undefined, { what: 'the browser refuses to frame /docs' })
})
