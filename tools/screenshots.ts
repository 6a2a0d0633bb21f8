import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { chromiumPath } from '../test/support/chromium.ts'
import { fillDemoCatalogue, hostileId } from '../test/support/demo-catalogue.ts'
import { startLeporello } from '../test/support/leporello.ts'

/* Pictures of the pages at three widths, light and dark: `node build/tools/screenshots.js [FOLDER]`. */

const folder = process.argv[2] ?? 'docs/screenshots'
const only = process.argv[3]
const widths = { wide: 1360, narrow: 820, phone: 390 }

const pages: Readonly<Record<string, string>> = {
  catalogue: '/ui/',
  found: '/ui/?missing=arm64',
  nothing: '/ui/?q=nothing-like-this',
  unknown: '/ui/containers/nothing%3A1',
  container: '/ui/containers/container-hello%3Av1.2.0',
  degraded: '/ui/containers/isce3%3A0.15.1',
  twelve: '/ui/containers/static-tools%3A3',
  hostile: `/ui/containers/${encodeURIComponent(hostileId)}`,
  history: '/ui/containers/container-hello%3Av1.2.0/history',
  image: '/ui/containers/container-hello%3Av1.2.0/images/arm64?path=/bin/sh',
  channels: '/ui/channels',
  channel: '/ui/channels/current',
  difference: '/ui/channels/current/diff',
  releases: '/ui/releases',
  release: '/ui/releases/2026.11'
}

interface Shot {
  url: string
  name: string
}

async function take(browser: Browser, { url, name }: Shot): Promise<void> {
  for (const [size, width] of Object.entries(widths)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } })
      const page = await context.newPage()
      page.on('console', (message) => console.error(`${name}: ${message.text()}`))
      await page.goto(url)
      await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`), fullPage: true })
      await context.close()
    }
  }
}

await mkdir(folder, { recursive: true })
const browser = await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox'] })
const server = await startLeporello()
const empty = await startLeporello()
try {
  await fillDemoCatalogue(server.url)
  for (const [name, path] of Object.entries(pages)) {
    if (only === undefined || name.includes(only)) await take(browser, { url: `${server.url}${path}`, name })
  }
  if (only === undefined || only === 'empty') await take(browser, { url: `${empty.url}/ui/`, name: 'empty' })
} finally {
  await browser.close()
  await Promise.all([server.stop(), empty.stop()])
}
