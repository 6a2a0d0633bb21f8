import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { installHysds } from '../support/hysds.ts'
import { type Leporello, onEngine, ready, startLeporello } from '../support/leporello.ts'
import { eventually } from '../support/processes.ts'
import { sharedEngine } from '../support/shared-engine.ts'

const repositories = Array.from({ length: 30 }, (_, i) => `image-${i}`)

async function ask(server: Leporello, path: string, body?: object): Promise<any> {
  const request = body && { method: 'PUT', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  const reply = await fetch(`${server.url}/api/v1${path}`, request)
  return { status: reply.status, body: await reply.json() }
}

/** The tags from which each record of the channel comes; of a whole set there is one. */
async function tagsOf(server: Leporello): Promise<string[]> {
  const views = await Promise.all(repositories.map((name) => ask(server, `/containers/${name}%3Acurrent`)))
  return [...new Set(views.map(({ body }) => body.images?.amd64.url.split(':').at(-1) ?? 'none'))]
}

const setOf = (tag: string) => repositories.map((name) => `${name}:${tag}`)

/** Asks until it is done: a busy engine may be away for longer than the server waits. */
const done = (server: Leporello, path: string, body: object): Promise<boolean> =>
  eventually(
    async () => {
      const { status, body: answer } = await ask(server, path, body)
      if (status < 300) return true
      throw new Error(`${path}: ${status} ${JSON.stringify(answer)}`)
    },
    { what: path }
  )

/** How long a promotion takes here, so that kills come at any moment of one. */
async function prepare(server: Leporello): Promise<number> {
  for (const tag of ['a', 'b']) {
    for (const id of setOf(tag)) {
      await done(server, `/containers/${encodeURIComponent(id)}`, { version: tag, digest: 'sha256:1', images: { amd64: `s3://b/${id}` } })
    }
  }
  await done(server, '/channels/current', { set: setOf('b') })
  const started = performance.now()
  await done(server, '/channels/current', { set: setOf('a') })
  return performance.now() - started
}

/** Kills on each store; without it, as many as fit into some minutes. */
const wantedKills = Number(process.env['PROMOTION_KILLS'] ?? 0)

interface Rounds {
  server: Leporello
  /** Kills, however long they take. */
  least: number
  forMs: number
}

async function killPromotions(t: Test, { server, least, forMs }: Rounds): Promise<void> {
  await ready(server)
  const lasts = await prepare(server)
  let wanted = 'b'
  const cut = { before: 0, after: 0 }
  const until = performance.now() + forMs
  const isDone = (kills: number) => kills >= (wantedKills || least) && (wantedKills > 0 || kills >= 100 || performance.now() > until)
  for (let round = 1; !isDone(round - 1); round++) {
    const promoting = ask(server, '/channels/current', { set: setOf(wanted), reason: `round ${round}` }).catch(() => undefined)
    await pause(Math.random() * lasts * 1.2)
    await server.kill()
    await promoting
    await server.restart()
    await ready(server)

    // the records may be whole before the channel is: what is left to do is done within a minute
    const { tag, channel } = await eventually(
      async () => {
        const [found, { body }] = [await tagsOf(server), await ask(server, '/channels/current')]
        const origins = new Set(body.set?.map(({ origin }: { origin: string }) => origin.split(':').at(-1)))
        return found.length === 1 && origins.size === 1 && origins.has(found[0]) ? { tag: found[0]!, channel: body } : undefined
      },
      { what: `round ${round}: the set is whole, and the channel says what its records are` }
    )
    t.equal(channel.set.length, repositories.length, `round ${round}`)
    cut[tag === wanted ? 'after' : 'before'] += 1
    wanted = tag === 'a' ? 'b' : 'a'
    // the dead process may hold its lease for some seconds, and others are refused then
    await done(server, '/channels/current', { set: setOf(tag) })
    t.equal((await ask(server, '/channels/current')).body.number, channel.number, 'the same set is no promotion')
  }
  t.comment(`${cut.before + cut.after} kills: ${cut.after} promotions were finished, ${cut.before} undone or not begun`)
}

t.test('kill -9 in the middle of promotions leaves whole sets only: embedded store', async (t) => {
  const server = await startLeporello()
  t.teardown(server.stop)

  await killPromotions(t, { server, least: 20, forMs: 120_000 })
})

t.test('kill -9 in the middle of promotions leaves whole sets only: on an engine, where other replicas may be alive', async (t) => {
  const engine = await sharedEngine('es7')
  t.teardown(engine.stop)
  await installHysds(engine)
  const server = await startLeporello(onEngine(engine.url, { ENGINE_PATIENCE_MS: '15000' }))
  t.teardown(server.stop)

  await killPromotions(t, { server, least: 6, forMs: 180_000 })
})
