import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t from 'tap'
import { hashOfToken, newToken } from '../../../src/access/token.ts'
import { temporaryDirectory } from '../../stores/embedded/directory.ts'
import { startChromium } from '../../support/chromium.ts'
import { appLayer, baseLayer, newDockerSave } from '../../support/images.ts'
import { startLeporello } from '../../support/leporello.ts'
import { eventually } from '../../support/processes.ts'
import { tar } from '../../support/tar.ts'
import { tarball } from '../../support/tarballs.ts'
import { accessibilityFaults, watch } from '../../support/watched-pages.ts'

/* What people do on the pages, in a real browser, where anonymous may only read. How the pages look: looking.test.ts. */

const tokens = { reader: newToken(), builder: newToken(), admin: newToken() }
const scopesOf = { reader: ['read'], builder: ['register'], admin: ['admin'] }
const file = join(temporaryDirectory(t), 'tokens')
const lines = Object.entries(tokens).map(([name, token]) => ({
  ...{ name, sha256: hashOfToken(token), scopes: scopesOf[name as keyof typeof tokens], match: null, expires: null },
  created: '2026-01-01T00:00:00Z'
}))
await writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''), { mode: 0o600 })

const server = await startLeporello({ POLICY: 'read', TOKENS: file })
t.teardown(() => server.stop())
const browser = await startChromium(t)
const parts = { browser, url: server.url }
const as = (name: keyof typeof tokens) => ({ httpCredentials: { username: 'me', password: tokens[name] } })

async function ask(method: string, path: string, body?: object | Buffer): Promise<any> {
  const isBytes = Buffer.isBuffer(body)
  const reply = await fetch(`${server.url}/api/v1/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${tokens.admin}`,
      ...(body && { 'content-type': isBytes ? 'application/octet-stream' : 'application/json' })
    },
    ...(body && { body: isBytes ? new Uint8Array(body) : JSON.stringify(body) })
  })
  if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`)
  return reply.json()
}

const bring = (id: string, architecture: string) =>
  ask('PUT', `containers/${encodeURIComponent(id)}/images/${architecture}`, tarball({ layers: [baseLayer(), appLayer()] }))
const pageOf = (id: string) => `/ui/containers/${encodeURIComponent(id)}`

t.test('who may only read is offered nothing, and refused in words; signing in changes that', async (t) => {
  await bring('signed:1', 'amd64')
  const { page, faults } = await watch(t, parts, as('admin'))

  await page.goto(pageOf('signed:1'))
  t.equal(await page.getByRole('link', { name: 'Remove' }).count(), 0)
  await page.getByRole('link', { name: 'Sign in' }).click()
  await page.waitForURL(/done=signed-in/)
  t.match(await page.locator('.who').innerText(), /admin.*may write/s)
  t.ok((await page.getByRole('link', { name: 'Remove' }).count()) > 0)
  // the browser notes the refusal that made it ask
  t.strictSame(
    faults.filter((text) => !/401/.test(text)),
    []
  )

  const reader = await watch(t, parts, as('reader'))
  await reader.page.goto('/ui/sign-in')
  const refused = await reader.page.goto(`${pageOf('signed:1')}/remove`)
  t.equal(refused?.status(), 403)
  t.match(await reader.page.locator('main').innerText(), /lacks the scope "delete"/)
  t.strictSame(await accessibilityFaults(reader.page), [])
  const anonymous = await watch(t, parts)
  t.equal((await anonymous.page.request.get(`${pageOf('signed:1')}/remove`)).status(), 401)
})

/** Presses the button that does what a page asks. */
const confirm = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()

for (const javaScriptEnabled of [false, true]) {
  t.test(`every action, ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async (t) => {
    const id = `acted:${javaScriptEnabled}`
    await bring(id, 'arm64')
    const { page, faults } = await watch(t, parts, { ...as('admin'), javaScriptEnabled })
    const status = () => page.locator('.done').innerText()
    await page.goto(`/ui/sign-in?to=ui${encodeURIComponent(pageOf(id).slice('/ui'.length))}`)

    await page.getByRole('link', { name: 'Verify arm64' }).click()
    await confirm(page, 'Read the bytes')
    t.match(await status(), /bytes were read/)

    await page.getByRole('link', { name: 'Relabel arm64' }).click()
    t.match(await page.locator('.effects').innerText(), /registered as the one for amd64/)
    await page.getByLabel('Why').fill('built on the wrong machine')
    await confirm(page, 'Relabel it')
    t.match(await status(), /what its bytes are for/)
    t.match(await page.locator('table.history').innerText(), /relabelled.*token:admin.*built on the wrong machine/s)

    await page.getByRole('link', { name: 'Expect architectures' }).click()
    await page.getByLabel('Architectures').fill('amd64 arm64')
    await confirm(page, 'Show what it would do')
    t.match(await page.locator('.effects').innerText(), /from now on: amd64, arm64/)
    await confirm(page, 'Expect these')
    t.match(await page.locator('tr[data-architecture=arm64]').innerText(), /missing/)

    await page.goto(`/ui/channels`)
    await page.getByLabel('A new channel').fill(`night-${javaScriptEnabled}`)
    await confirm(page, 'Choose its set')
    await page.locator('textarea[name=set]').fill('nothing:1')
    await confirm(page, 'Show what it would do')
    t.match(await page.locator('.refused').innerText(), /nothing:1/)
    await page.locator('textarea[name=set]').fill(id)
    await confirm(page, 'Show what it would do')
    await confirm(page, 'Move the channel')
    t.match(await status(), /channel was moved/)

    await page.goto(`${pageOf(id)}/remove`)
    await confirm(page, 'Remove the container')
    t.match(await status(), /It was removed/)
    await page.goto('/ui/deleted')
    await page.locator(`tr[data-container="${id}"]`).getByRole('link', { name: 'restore' }).click()
    await confirm(page, 'Register it as it was')
    t.match(await status(), /registered again/)
    t.strictSame(Object.keys((await ask('GET', `containers/${encodeURIComponent(id)}`)).images), ['amd64'])
    t.strictSame(
      faults.filter((text) => !/401/.test(text)),
      []
    )
  })
}

t.test('a form brings a tarball without JavaScript', async (t) => {
  const { page } = await watch(t, parts, { ...as('builder'), javaScriptEnabled: false })
  await page.goto('/ui/sign-in?to=ui/bring')
  await page.locator('input[name=id]').fill('formed:1')
  await page.getByLabel('Tarball').setInputFiles({ name: 'formed.tar.gz', mimeType: 'application/gzip', buffer: tarball() })
  await confirm(page, 'Bring it')

  t.match(await page.locator('.done').innerText(), /stored, read and registered/)
  t.match(await page.locator('tr[data-architecture=amd64]').innerText(), /proven/)
})

/** Drops a file of this size on a page: a tarball, and nothing else that a test could hand over so. */
async function drop(page: Page, { name, bytes }: { name: string; bytes: Buffer }): Promise<void> {
  await page.evaluate(
    ([name, base64]) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
      const transfer = new DataTransfer()
      transfer.items.add(new File([bytes], name, { type: 'application/x-tar', lastModified: 1_700_000_000_000 }))
      for (const type of ['dragover', 'drop']) {
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }))
      }
    },
    [name, bytes.toString('base64')] as const
  )
}

t.test('a tarball is dropped, cut off, gone on with after a reload, and proven; a second browser sees it appear', async (t) => {
  await ask('PUT', 'containers/seen%3A0', { version: '0', digest: 'd', images: { amd64: 's3://b/x.tar' } })
  const layers = [tar(baseLayer()), tar([...appLayer(), { name: 'data', body: Buffer.alloc(3 * 1024 * 1024, 'x') }])]
  const dropped = { name: 'seen-1.tar', bytes: tar(newDockerSave({ tars: layers })) }
  const { page, context, faults } = await watch(t, parts, as('builder'))
  const second = await watch(t, parts)
  await second.page.goto('/ui/?q=seen')
  t.equal(await second.page.locator('tr[data-container="seen:1"]').count(), 0)
  await page.goto('/ui/sign-in')
  const network = await context.newCDPSession(page)
  await network.send('Network.enable')
  const slow = (uploadThroughput: number) =>
    network.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput })

  await slow(256 * 1024)
  await drop(page, dropped)
  t.match(await page.locator('.sending').innerText(), /seen-1\.tar, 3\.\d MB, for seen:1\. Nothing has been sent yet/)
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => Number(document.querySelector<HTMLProgressElement>('form progress')?.value) > 200_000)
  await eventually(async () => (await ask('GET', 'uploads?id=seen%3A1')).items[0] || undefined, { what: 'the upload was begun' })
  await page.reload()
  t.match(await page.locator('.sending').innerText(), /seen-1\.tar was cut off/)
  await slow(-1)
  const offsets: number[] = []
  page.on('request', (request) => void (request.method() === 'PATCH' && offsets.push(Number(request.headers()['upload-offset']))))
  await page.goto('/ui/bring?id=seen%3A1')
  await drop(page, dropped)
  await page.keyboard.press('Enter')
  await page.getByText(/^Proven: /).waitFor()

  t.ok(offsets[0]! > 0, `it went on at ${offsets[0]}`)
  await second.page.locator('tr[data-container="seen:1"] td[data-state=proven]').waitFor()
  t.match((await ask('GET', 'containers/seen%3A1')).images, { amd64: { verdict: 'match' } })
  t.strictSame(
    [...faults, ...second.faults].filter((text) => !/401/.test(text)),
    []
  )
})

t.test('what changes appears by itself and keeps the focus, also after the server was away', async (t) => {
  await bring('live:1', 'amd64')
  const { page } = await watch(t, parts)
  await page.goto(pageOf('live:1'))
  const link = page.locator('tr[data-architecture=amd64] a').first()
  await link.focus()

  await ask('PUT', 'containers/live%3A1/builds/arm64', { status: 'running' })
  await page.locator('tr[data-architecture=arm64] [data-state=running]').waitFor()
  t.ok(await link.evaluate((element) => element === document.activeElement), 'the focus stays')
  t.match(await page.locator('.live').innerText(), /live:1: the build for arm64 is running/)

  await server.kill()
  await page.getByText('The server does not answer.').waitFor()
  await server.restart()
  await page.getByText('The server does not answer.').waitFor({ state: 'hidden' })
  await ask('PUT', 'containers/live%3A1/builds/arm64', { status: 'failed', reason: 'no disk' })
  await page.locator('tr[data-architecture=arm64] [data-state=failed]').first().waitFor()
})

t.test('no page of another origin makes a browser that has signed in do something', async (t) => {
  await bring('kept:1', 'amd64')
  const target = `${server.url}${pageOf('kept:1')}/remove`
  const hostile = createServer((_request, reply) =>
    reply
      .setHeader('content-type', 'text/html')
      .end(`<form method=post action="${target}"><input name=confirm value=yes></form><script>document.forms[0].submit()</script>`)
  )
  await new Promise<void>((resolve) => hostile.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void hostile.close())
  const context = await browser.newContext(as('admin'))
  t.teardown(() => context.close())
  const page = await context.newPage()
  await page.goto(`${server.url}/ui/sign-in`)

  await page.goto(`http://127.0.0.1:${(hostile.address() as AddressInfo).port}/`)
  await page.waitForURL(target)

  t.match(await page.locator('main').innerText(), /pages of other sites may not write here/)
  t.match(await ask('GET', 'containers/kept%3A1'), { id: 'kept:1' })
  hostile.closeAllConnections()
})
