import { randomBytes } from 'node:crypto'
import t from 'tap'
import { startChromium } from '../../support/chromium.ts'
import { gatedInspect } from '../../support/gated-inspect.ts'
import { appLayer, baseLayer, inChunks } from '../../support/images.ts'
import { startWithTarballs, tarball } from '../../support/tarballs.ts'
import { accessibilityFaults, watch } from '../../support/watched-pages.ts'

t.test('how far an image has been read appears by itself, moves, and gives way to the verdict', async (t) => {
  const { inspect, step, open } = gatedInspect()
  t.teardown(open)
  const { app, blobs, catalogue, url } = await startWithTarballs(t, { inspect, now: () => new Date(), listen: true })
  const bytes = tarball({ layers: [baseLayer(), appLayer(), [{ name: 'app/data', body: randomBytes(9_000_000) }]] })
  await blobs.put('hello.tar.gz', inChunks(bytes))
  const payload = { version: 'v1', digest: 'd', images: { amd64: 'http://127.0.0.1:0/storage/hello.tar.gz' } }
  await app.inject({ method: 'PUT', url: '/api/v1/containers/hello%3A1', payload })
  const browser = await startChromium(t)
  const watched = [await watch(t, { browser, url }), await watch(t, { browser, url })] as const
  for (const [i, path] of ['/ui/', '/ui/containers/hello%3A1'].entries()) await watched[i]!.page.goto(path)
  const marks = watched.map(({ page }) => page.locator('[data-architecture=amd64] .reading'))
  const values = () => Promise.all(marks.map((mark) => mark.locator('progress').evaluate((bar: HTMLProgressElement) => bar.value)))

  const work = catalogue.verifier!.work({ atOnce: 1, signal: new AbortController().signal })
  for (const mark of marks) await mark.waitFor()
  const before = await values()
  for (const { page } of watched) t.strictSame(await accessibilityFaults(page), [])
  step()
  for (const [i, { page }] of watched.entries()) {
    await page.waitForFunction((value) => document.querySelector<HTMLProgressElement>('.reading progress')!.value > value, before[i]!)
  }
  t.match(await marks[1]!.innerText(), /^\d+\.\d MB of 9\.\d MB read$/)

  open()
  t.equal(await work, 1)
  for (const mark of marks) await mark.waitFor({ state: 'detached' })
  for (const { page, faults } of watched) {
    await page.locator('[data-architecture=amd64][data-state=proven]').first().waitFor()
    t.strictSame(faults, [])
  }
})
