import { request as ask, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { startChromium } from '../../support/chromium.ts'
import { startLeporello } from '../../support/leporello.ts'
import { accessibilityFaults, watch } from '../../support/watched-pages.ts'

t.test('a page that could not be made, because the store is away, is there by itself once the store is', async (t) => {
  const [without, having] = await Promise.all([
    startLeporello({ STORE: 'elasticsearch', ENGINE_URL: 'http://127.0.0.1:1', ENGINE_PATIENCE_MS: '100' }),
    startLeporello()
  ])
  t.teardown(() => Promise.all([without.stop(), having.stop()]))
  await fetch(`${having.url}/container/add?name=hello:1&version=1&digest=d&url=s3://b/x`, { method: 'POST' })
  let behind = without.url
  // one address for both, as a balancer in front of two replicas has
  const balancer = createServer((request, reply) => {
    const { method, url, headers } = request
    const passed = ask(`${behind}${url}`, { method, headers }, (answer) => {
      reply.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(reply)
    })
    passed.on('error', () => reply.destroy())
    reply.on('close', () => passed.destroy())
    request.pipe(passed)
  })
  await new Promise<void>((resolve) => balancer.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    balancer.closeAllConnections()
    balancer.close()
  })
  const browser = await startChromium(t)
  const { page } = await watch(t, { browser, url: `http://127.0.0.1:${(balancer.address() as AddressInfo).port}` })

  const reply = await page.goto('/ui/')
  t.equal(reply?.status(), 503)
  t.match(await page.locator('h1').innerText(), /The store does not answer/)
  t.strictSame(await accessibilityFaults(page), [])
  behind = having.url
  await page.locator('tr[data-container="hello:1"]').waitFor()
  t.equal(await page.locator('[data-status="503"]').count(), 0)
})
