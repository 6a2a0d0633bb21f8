import t from 'tap'
import { mayPass, patiently } from '../../src/registries/patience.ts'
import { registryError } from '../../src/registries/registry-error.ts'
import { retryAfterIn } from '../../src/registries/registry-requests.ts'

const answered = (status: number, retryAfterMs?: number) =>
  registryError('failed', { message: `answered ${status}`, status, ...(retryAfterMs !== undefined && { retryAfterMs }) })

t.test('only what may pass is tried again', async (t) => {
  for (const status of [408, 416, 429, 500, 502, 503, 504]) t.equal(mayPass(answered(status)), true, `${status}`)
  for (const status of [400, 401, 403, 404, 405, 413]) t.equal(mayPass(answered(status)), false, `${status}`)
  t.equal(mayPass(Object.assign(new Error(), { code: 'ECONNRESET' })), true)
  t.equal(mayPass(registryError('unusable', { message: 'other bytes' })), false)
  t.equal(mayPass(new TypeError()), false)
})

t.test('Retry-After is seconds or a date', async (t) => {
  const now = () => Date.parse('2026-01-02T03:04:05Z')
  const table: [header: string | undefined, ms: number | undefined][] = [
    ['7', 7000],
    ['0', 0],
    ['Fri, 02 Jan 2026 03:04:15 GMT', 10_000],
    ['Fri, 02 Jan 2026 03:04:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined]
  ]
  for (const [header, ms] of table) t.equal(retryAfterIn(header, now), ms, `${header}`)
})

/** Work that fails so often, in a time of its own. */
function failing(failures: readonly Error[], { renewing = false } = {}) {
  let now = 0
  const pauses: number[] = []
  const left = [...failures]
  const stop = new AbortController()
  const patience = {
    patienceMs: 10_000,
    now: () => now,
    tell: () => {},
    signal: stop.signal,
    wait: async (ms: number) => {
      pauses.push(ms)
      now += ms
    }
  }
  const outcome = patiently(patience, async (renew) => {
    const failure = left.shift()
    if (renewing) renew()
    if (failure) throw failure
    return 'done'
  })
  return { outcome, pauses, stop }
}

t.test('pauses grow, and are as long as the other side wants', async (t) => {
  const { outcome, pauses } = failing([answered(503), answered(503), answered(429, 3000), answered(503)])

  t.equal(await outcome, 'done')
  t.strictSame(pauses, [500, 1000, 3000, 4000])
})

t.test('patience ends, unless there is progress', async (t) => {
  const many = Array.from({ length: 50 }, () => answered(503))

  await t.rejects(failing(many).outcome, { message: 'answered 503' })
  await t.rejects(
    failing([answered(429, 60_000)]).outcome,
    { message: 'answered 429' },
    'a pause that is longer than the patience is not begun'
  )
  t.equal(await failing(many, { renewing: true }).outcome, 'done')
})

t.test('what will not pass, and the failure of something else, end it at once', async (t) => {
  await t.rejects(failing([answered(403)]).outcome, { message: 'answered 403' })
  const { outcome, stop } = failing([answered(503)])
  stop.abort()
  await t.rejects(outcome, { name: 'AbortError' })
})
