import t from 'tap'
import { channelContract } from '../http/api/channel-contract.ts'
import { releaseContract } from '../http/api/release-contract.ts'
import { openOn } from '../support/engine-stores.ts'
import { sharedEngine } from '../support/shared-engine.ts'

const engine = await sharedEngine('es7')
t.teardown(engine.stop)
const opened = await openOn(engine, { hysds: true })(t)
t.teardown(() => opened.stores.close())
await opened.stores.migrate()
channelContract('es7', async () => opened)
releaseContract('es7', async () => opened)
