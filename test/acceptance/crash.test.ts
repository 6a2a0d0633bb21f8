import t, { type Test } from 'tap'
import { installHysds } from '../support/hysds.ts'
import { type Leporello, onEngine, ready, startLeporello } from '../support/leporello.ts'
import { eventually } from '../support/processes.ts'
import { sharedEngine } from '../support/shared-engine.ts'
import { repeats } from '../support/speed.ts'
import { startWriteLoad } from '../support/write-load.ts'

const writers = 16

/** Until writes are well under way, and never at the same moment of them. */
const someWrites = (load: { count(): number }, round: number) =>
  eventually(async () => load.count() >= 40 + 7 * round || undefined, { what: 'writes are acknowledged', everyMs: 3 })

async function killServer(t: Test, { server, rounds }: { server: Leporello; rounds: number }): Promise<void> {
  await ready(server)
  for (let round = 1; round <= rounds; round++) {
    const load = startWriteLoad(server.url, { name: `round${round}`, writers })
    await someWrites(load, round)
    await server.kill()
    await load.stop()
    await server.restart()
    await ready(server)

    t.same(await load.lost(), [], `round ${round}: all ${load.count()} that were acknowledged are there`)
    t.same(
      [...load.statuses.keys()].filter((status) => status !== 200 && status !== 'no answer'),
      [],
      `round ${round}: nothing was refused`
    )
  }
}

t.test('kill -9 of the server under write load loses nothing that was acknowledged: embedded store', async (t) => {
  const server = await startLeporello()
  t.teardown(server.stop)

  await killServer(t, { server, rounds: repeats(10, { least: 3 }) })
})

t.test('kill -9 on a real engine', async (t) => {
  const engine = await sharedEngine('es7')
  t.teardown(engine.stop)
  await installHysds(engine)
  const server = await startLeporello(onEngine(engine.url, { ENGINE_PATIENCE_MS: '4000' }))
  t.teardown(server.stop)

  await t.test('of the server under write load loses nothing that was acknowledged', (t) =>
    killServer(t, { server, rounds: repeats(10, { least: 3 }) })
  )

  await t.test('of the engine under write load loses nothing that was acknowledged', async (t) => {
    for (let round = 1; round <= repeats(3, { least: 2 }); round++) {
      const load = startWriteLoad(server.url, { name: `engine${round}`, writers })
      await someWrites(load, round)
      await engine.kill()
      await engine.restart()
      const before = load.count()
      await eventually(async () => load.count() > before || undefined, { what: 'writes go on' })
      await load.stop()

      t.same(await load.lost(), [], `round ${round}: all ${load.count()} that were acknowledged are there`)
      t.same(
        [...load.statuses.keys()].filter((status) => status !== 200 && status !== 503),
        [],
        `round ${round}: each was acknowledged, or answered 503`
      )
    }
  })
})
