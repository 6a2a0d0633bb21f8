import t from 'tap'
import { containerCases } from '../support/container-cases.ts'
import { doorOf } from '../support/front-door.ts'
import type { Doors } from '../support/history-cases.ts'
import { installHysds } from '../support/hysds.ts'
import { onEngine, ready, startLeporello } from '../support/leporello.ts'
import { sharedEngine } from '../support/shared-engine.ts'

t.test('containers through two replicas on one engine', async (t) => {
  const engine = await sharedEngine('es9')
  t.teardown(engine.stop)
  await installHysds(engine)
  const replicas = await Promise.all([1, 2].map(() => startLeporello(onEngine(engine.url))))
  for (const replica of replicas) t.teardown(replica.stop)
  await Promise.all(replicas.map((replica) => ready(replica)))

  await containerCases(t, replicas.map(({ url }) => doorOf(url)) as unknown as Doors)
})

t.test('containers on the embedded store', async (t) => {
  const server = await startLeporello()
  t.teardown(server.stop)
  const door = doorOf(server.url)

  await containerCases(t, [door, door])
})
