import axe from 'axe-core'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import type { Test } from 'tap'

export interface Watched {
  context: BrowserContext
  page: Page
  /** What the browser's console said of faults, also of a Content-Security-Policy that was broken, and of errors that nobody caught. */
  faults: string[]
}

interface WatchedServer {
  browser: Browser
  url: string
}

/** A browser of its own. That a page asks another host for something, or opens a dialog, fails the test. */
export async function watch(t: Test, { browser, url }: WatchedServer, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({ baseURL: url, viewport: { width: 1280, height: 800 }, ...options })
  t.teardown(() => context.close())
  // a machine that is busy with other tests is many times slower
  context.setDefaultTimeout(120_000)
  const faults: string[] = []
  context.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) t.fail(`a request left the host: ${request.url()}`)
  })
  context.on('console', (message) => void (message.type() === 'error' && faults.push(message.text())))
  context.on('weberror', (error) => void faults.push(String(error.error())))
  context.on('dialog', (dialog) => {
    t.fail(`a page said ${dialog.message()}`)
    void dialog.dismiss()
  })
  return { context, page: await context.newPage(), faults }
}

/** What axe finds wrong for people who cannot see, or see little. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run(document, { resultTypes: ['violations'] })
  )
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)}: ${failureSummary}`))
}

/** The first element that sticks out of a page, if the page is wider than its window. */
export const sticksOut = (page: Page): Promise<string | undefined> =>
  page.evaluate(() => {
    const width = document.documentElement.clientWidth
    if (document.documentElement.scrollWidth <= width) return undefined
    const wide = [...document.querySelectorAll('main *, header *')].find((one) => one.getBoundingClientRect().right > width + 1)
    return (wide ?? document.body).outerHTML.slice(0, 200)
  })

/** What has the focus, and how it shows. */
export const focused = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement
    if (!(element instanceof HTMLElement) || element === document.body) return undefined
    const { width, height } = element.getBoundingClientRect()
    const { outlineStyle, outlineWidth } = getComputedStyle(element)
    const all = [...document.querySelectorAll('*')]
    const shows = width > 0 && height > 0 && outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0
    return { place: all.indexOf(element), name: element.outerHTML.slice(0, 120), shows, main: element.closest('main') !== null }
  })
