import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Browser, chromium, type Route } from 'playwright-core'
import { chromiumPath } from '../test/support/chromium.ts'
import { fillDemoCatalogue, hostileId } from '../test/support/demo-catalogue.ts'
import { startLeporello } from '../test/support/leporello.ts'
import { eventually } from '../test/support/processes.ts'
import { withPalette } from './palette-png.ts'

/* Pictures of the pages, of servers that it starts: `node build/tools/screenshots.js [FOLDER [PAGE…]]`. */

const [folder = 'docs/screenshots', ...only] = process.argv.slice(2)

/** In pixels. */
const longest = 1300
const sizes = { wide: 1360, narrow: 820, phone: 390 }
type Look = `${keyof typeof sizes}-${'light' | 'dark'}`
const everyLook = Object.keys(sizes).flatMap((size) => [`${size}-light`, `${size}-dark`]) as Look[]
const twoLooks: Look[] = ['wide-light', 'phone-dark']

const hello = '/ui/containers/container-hello%3Av1.2.0'

/** By name: the path, and in which looks. */
const pages: Readonly<Record<string, [path: string, looks: readonly Look[]]>> = {
  catalogue: ['/ui/', everyLook],
  found: ['/ui/?missing=arm64', twoLooks],
  nothing: ['/ui/?q=nothing-like-this', twoLooks],
  container: [hello, everyLook],
  degraded: ['/ui/containers/isce3%3A0.15.1', twoLooks],
  twelve: ['/ui/containers/static-tools%3A3', twoLooks],
  hostile: [`/ui/containers/${encodeURIComponent(hostileId)}`, twoLooks],
  unknown: ['/ui/containers/nothing%3A1', twoLooks],
  history: [`${hello}/history`, twoLooks],
  image: [`${hello}/images/arm64?path=/bin/sh`, twoLooks],
  channels: ['/ui/channels', twoLooks],
  channel: ['/ui/channels/current', twoLooks],
  difference: ['/ui/channels/current/diff', twoLooks],
  releases: ['/ui/releases', twoLooks],
  release: ['/ui/releases/2026.11', twoLooks],
  removal: ['/ui/containers/isce3%3A0.15.1/images/arm64/remove', twoLooks],
  promotion: ['/ui/channels/current/roll-back?to=1', twoLooks],
  bringing: ['/ui/bring?id=ariamh%3Av2.1.0', twoLooks]
}

const many = 100_000
const aBatch = 1000
const names = ['ariamh', 'container-hello', 'isce3', 'lidar-tiles', 'opera-dswx', 'orbit-fetch', 'sentinel-ingest', 'topsapp']

/** Fills a server with so many containers that nobody has looked at all of them: a minute's work on a fast machine. */
async function fillWithMany(url: string): Promise<void> {
  for (let first = 0; first < many; first += aBatch) {
    const items = Array.from({ length: aBatch }, (_, i) => {
      const number = first + i
      const [name, version] = [names[number % names.length], `v${1 + (number % 9)}.${Math.floor(number / names.length)}`]
      const tarball = `s3://bucket/${name}-${version}`
      const images = { amd64: `${tarball}.tar.gz`, ...(number % 7 > 0 && { arm64: `${tarball}-arm64.tar.gz` }) }
      return { id: `${name}:${version}`, op: 'put', container: { version, digest: `sha256:${number}`, images } }
    })
    const body = JSON.stringify({ atomic: false, items })
    const reply = await fetch(`${url}/api/v1/batch`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    if (!reply.ok) throw new Error(`${reply.status} ${await reply.text()}`)
    await reply.arrayBuffer()
  }
  const counted = async () => /href="\.\/">100.?000</.test(await (await fetch(`${url}/ui/`)).text()) || undefined
  await eventually(counted, { what: 'all of them are counted', withinMs: 600_000, everyMs: 2000 })
}

/** Servers that have nothing to show: what they are set to, by the name of the picture. */
const others: Readonly<Record<string, Record<string, string>>> = {
  empty: {},
  many: { EXPECTED: 'amd64,arm64' },
  refused: { POLICY: 'none' },
  away: { STORE: 'elasticsearch', ENGINE_URL: 'http://127.0.0.1:1', ENGINE_PATIENCE_MS: '100' }
}

interface Shot {
  url: string
  name: string
  look: Look
}

async function take(browser: Browser, { url, name, look }: Shot): Promise<void> {
  const [size, colorScheme] = look.split('-') as [keyof typeof sizes, 'light' | 'dark']
  const context = await browser.newContext({ colorScheme, viewport: { width: sizes[size], height: 700 }, reducedMotion: 'reduce' })
  const page = await context.newPage()
  await page.route(url, showRefusal)
  await page.goto(url)
  const height = Math.min(longest, await page.evaluate(() => document.documentElement.scrollHeight))
  await page.setViewportSize({ width: sizes[size], height })
  await writeFile(join(folder, `${name}-${look}.png`), withPalette(await page.screenshot()))
  // its script may be asking for something
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  await context.close()
}

/** A person would press Escape in the browser's own dialogue for a password, to see the page behind it. */
async function showRefusal(route: Route): Promise<void> {
  const response = await route.fetch({ maxRedirects: 0 })
  await (response.status() === 401 ? route.fulfill({ response, status: 200 }) : route.fulfill({ response }))
}

const isWanted = (name: string): boolean => only.length === 0 || only.includes(name)

await mkdir(folder, { recursive: true })
const browser = await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox'] })
const server = await startLeporello()
try {
  await fillDemoCatalogue(server.url)
  // counts of demand are written now and then, containers are counted when somebody looks
  await eventually(async () => /Asked for in vain/.test(await (await fetch(`${server.url}/ui/`)).text()) || undefined, {
    what: 'the demand is counted',
    everyMs: 500
  })
  for (const [name, [path, looks]] of Object.entries(pages).filter(([name]) => isWanted(name))) {
    for (const look of looks) await take(browser, { url: `${server.url}${path}`, name, look })
  }
  for (const [name, settings] of Object.entries(others).filter(([name]) => isWanted(name))) {
    const other = await startLeporello(settings)
    if (name === 'many') await fillWithMany(other.url)
    for (const look of twoLooks) await take(browser, { url: `${other.url}/ui/`, name, look })
    await other.stop()
  }
} finally {
  await browser.close()
  await server.stop()
}
