import t from 'tap'
import { eventCases } from '../support/event-cases.ts'
import { doorOf } from '../support/front-door.ts'
import { type Doors, historyCases } from '../support/history-cases.ts'
import { installHysds } from '../support/hysds.ts'
import { onEngine, ready, startLeporello } from '../support/leporello.ts'
import { sharedEngine } from '../support/shared-engine.ts'

const engine = await sharedEngine('os2')
t.teardown(engine.stop)
await installHysds(engine)
const replicas = await Promise.all([1, 2].map(() => startLeporello(onEngine(engine.url))))
for (const replica of replicas) t.teardown(replica.stop)
await Promise.all(replicas.map((replica) => ready(replica)))
const doors = replicas.map(({ url }) => doorOf(url)) as unknown as Doors

t.test('the history through two replicas on one engine', (t) => historyCases(t, doors))

t.test('events through two replicas on one engine', (t) => eventCases(t, doors))
