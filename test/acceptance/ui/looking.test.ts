import t from 'tap'
import { startChromium } from '../../support/chromium.ts'
import { fillDemoCatalogue, hostileId } from '../../support/demo-catalogue.ts'
import { startLeporello } from '../../support/leporello.ts'
import { eventually } from '../../support/processes.ts'
import { accessibilityFaults, focused, sticksOut, watch } from '../../support/watched-pages.ts'

/* Every page as people see it, in a real browser. What they do there: doing.test.ts. */

const server = await startLeporello()
t.teardown(() => server.stop())
await fillDemoCatalogue(server.url)
const browser = await startChromium(t)
const parts = { browser, url: server.url }

const tools = '/ui/containers/static-tools%3A3'
const hello = '/ui/containers/container-hello%3Av1.2.0'
const hostile = `/ui/containers/${encodeURIComponent(hostileId)}`
const revision = (
  (await (await fetch(`${server.url}/api/v1/containers/isce3%3A0.15.1/history?kind=record`)).json()) as { items: { revision: string }[] }
).items.at(-1)!.revision

/** Each page with what must be on it, and the status that a refusal has. */
const pages: Readonly<Record<string, [words: RegExp, status?: number]>> = {
  '/ui/': [/static-tools/],
  '/ui/?missing=arm64&sort=-updated': [/ariamh/],
  '/ui/?q=nothing-like-this': [/No container is like that/],
  [tools]: [/mips64le/],
  [hello]: [/docker/],
  [hostile]: [/<img src=x onerror=alert\(1\)>/],
  [`${hello}/images/arm64`]: [/arm64/],
  [`${hello}/images/arm64?path=/bin/sh`]: [/dash/],
  [`${hello}/history`]: [/nightly build/],
  [`/ui/containers/isce3%3A0.15.1/compare?from=${revision}&to=current`]: [/image for arm64/],
  '/ui/channels': [/current/],
  '/ui/channels/current': [/Promotions/],
  '/ui/channels/current/diff?from=1&to=2': [/sentinel-ingest/],
  '/ui/channels/current/promote': [/Show what it would do/],
  '/ui/channels/current/roll-back?to=1': [/What this does/],
  '/ui/releases': [/2026\.11/],
  '/ui/releases/2026.11': [/For testers/],
  '/ui/deleted': [/Removed containers/],
  '/ui/bring?id=hello%3A1': [/docker save/],
  '/ui/containers/ariamh%3Av2.1.0/remove': [/Remove the container/],
  [`${hello}/remove`]: [/named by release 2026\.11/],
  [`${hello}/expect`]: [/Architectures/],
  [`${hello}/images/arm64/verify`]: [/Read the bytes/],
  [`/ui/containers/isce3%3A0.15.1/restore?revision=${revision}`]: [/What this does/],
  '/ui/nothing-here': [/Not found/, 404]
}

// both are written down a little later
await eventually(async () => /id="counts".*id="demand"/s.test(await (await fetch(`${server.url}/ui/`)).text()) || undefined, {
  what: 'counts and demand are there'
})

t.test('every page is complete without JavaScript, and says the same with it', async (t) => {
  const plain = await watch(t, parts, { javaScriptEnabled: false })
  const scripted = await watch(t, parts)

  for (const [path, [words, status = 200]] of Object.entries(pages)) {
    const texts: string[] = []
    for (const { page } of [plain, scripted]) {
      const reply = await page.goto(path, { waitUntil: 'load' })
      t.equal(reply?.status(), status, path)
      texts.push(
        (await page.locator('main').innerText())
          .replace(/just now|\d+ (min|sec)\S* ago/g, 'then')
          .replace(/^(Request|Counted) .*$/gm, '')
          .replace(/\n+/g, '\n')
      )
    }
    t.match(texts[0], words, path)
    t.equal(texts[1], texts[0], path)
  }
  t.strictSame(
    plain.faults.filter((text) => !/404/.test(text)),
    []
  )
  t.strictSame(
    scripted.faults.filter((text) => !/404/.test(text)),
    []
  )
})

t.test('axe finds nothing, light or dark; nothing sticks out at 320 px, nor at 200 %', async (t) => {
  const { page } = await watch(t, parts)
  for (const path of Object.keys(pages)) {
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.goto(path)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      t.strictSame(await accessibilityFaults(page), [], `${path}, ${colorScheme}`)
    }
    // 200 % of 1280 px are 640
    for (const width of [640, 320]) {
      await page.setViewportSize({ width, height: 640 })
      t.equal(await sticksOut(page), undefined, `${path} at ${width} px`)
    }
  }
})

t.test('the keyboard reaches everything in order, and shows where it is', async (t) => {
  const { page } = await watch(t, parts)
  for (const path of ['/ui/?missing=arm64', hello, `${hello}/remove`, '/ui/bring']) {
    await page.goto(path)
    await page.keyboard.press('Tab')
    t.match(await focused(page), { name: /Skip to the content/, shows: true }, path)
    await page.keyboard.press('Enter')
    const met: { place: number; name: string; shows: boolean }[] = []
    for (;;) {
      await page.keyboard.press('Tab')
      const found = await focused(page)
      if (!found?.main) break
      met.push(found)
    }
    t.ok(met.length > 2, `${path}: ${met.length} stops after the link that skips`)
    t.strictSame(
      met.filter(({ shows }) => !shows).map(({ name }) => name),
      [],
      `${path}: the focus shows`
    )
    const places = met.map(({ place }) => place)
    t.strictSame(
      places,
      [...places].sort((a, b) => a - b),
      `${path}: in the order of the page`
    )
    const unreached = await page.evaluate((met) => {
      const all = [...document.querySelectorAll('*')]
      const stops = 'main :is(a[href], button, summary, select, textarea, input:not([type=hidden]))'
      const seen = [...document.querySelectorAll(stops)].filter((one) => one.checkVisibility())
      return seen.filter((one) => !met.includes(all.indexOf(one))).map((one) => one.outerHTML.slice(0, 120))
    }, places)
    t.strictSame(unreached, [], `${path}: nothing is out of reach`)
  }
})

t.test('a name, a label and a link that try to be more stay text', async (t) => {
  const { page, faults } = await watch(t, parts)
  for (const path of ['/ui/', hostile, `${hostile}/history`, `${hostile}/remove`]) {
    await page.goto(path)
    t.equal(await page.locator('main img, main script, main b b script').count(), 0, path)
    t.equal(await page.locator('a[href^="javascript:" i]').count(), 0, path)
    const sources = await page.locator('img').evaluateAll((images) => images.map((image) => (image as HTMLImageElement).src))
    t.ok(
      sources.every((source) => source.startsWith(`${server.url}/ui/assets/`)),
      sources.join(' ')
    )
  }
  await page.goto('/ui/')
  await page.getByRole('link', { name: '<img src=x' }).click()
  t.match(await page.locator('h1').innerText(), '<img src=x onerror=alert(1)>')
  t.match(await page.locator('main').innerText(), 'javascript:alert(4)')
  t.strictSame(faults, [])
})
