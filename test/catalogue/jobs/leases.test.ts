import t from 'tap'
import { createLeases } from '../../../src/catalogue/jobs/leases.ts'
import { openStores } from '../../support/start-server.ts'

const [leaseMs, hour] = [60_000, 3_600_000]

t.test('a lease that a process took before it was killed ends by itself, also when the clock was set back since', async (t) => {
  const cases: [what: string, laterMs: number, free: boolean][] = [
    ['at once', 0, false],
    ['shortly before its end', leaseMs - 1000, false],
    ['after its end', leaseMs + 1000, true],
    ['a little back', -1000, false],
    ['ten days back', -240 * hour, true]
  ]
  for (const [what, laterMs, free] of cases) {
    const { leases: store } = await openStores(t)
    let at = Date.parse('2026-01-02T03:04:05Z')
    const leases = createLeases(store, { now: () => new Date(at), leaseMs })
    await leases.acquire('batches')
    at += laterMs

    t.equal((await leases.acquire('batches')) !== undefined, free, what)
  }
})
