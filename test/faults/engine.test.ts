import t from 'tap'
import { ask } from '../support/engines.ts'
import { type Fault, faultPatienceMs, runFaults } from '../support/fault-run.ts'
import { startFaultyProxy, type Weather } from '../support/faulty-proxy.ts'
import { installHysds } from '../support/hysds.ts'
import { type Leporello, onEngine, ready, startLeporello } from '../support/leporello.ts'
import { startS3 } from '../support/s3.ts'
import { sharedEngine } from '../support/shared-engine.ts'
import { repeats } from '../support/speed.ts'

/* Two replicas on an engine and a bucket under faults, while everything is written through both. */

t.test('two replicas, an engine and a bucket: nothing that was acknowledged is lost, and all recover by themselves', async (t) => {
  const engine = await sharedEngine('es7')
  t.teardown(engine.stop)
  await installHysds(engine)
  const s3 = await startS3()
  t.teardown(s3.stop)
  const [toEngine, toBucket] = await Promise.all([startFaultyProxy(engine), startFaultyProxy(s3)])
  t.teardown(() => Promise.all([toEngine.stop(), toBucket.stop()]))
  const settings = {
    ...onEngine(toEngine.url, { ENGINE_PATIENCE_MS: String(faultPatienceMs) }),
    ...{ OBJECTS: 's3', S3_BUCKET: s3.bucket, S3_ENDPOINT: toBucket.url, S3_PATH_STYLE: 'true', DELETE_GRACE: '0' }
  }
  const servers = await Promise.all([startLeporello(settings), startLeporello(settings)])
  t.teardown(() => Promise.all(servers.map(({ stop }) => stop())))
  await Promise.all(servers.map((server) => ready(server)))

  const send = async (...request: [method: string, path: string, body?: unknown]) => {
    const { status, body } = await ask(engine, request)
    if (status >= 300) throw new Error(`${request[0]} ${request[1]}: ${status} ${JSON.stringify(body)}`)
  }
  const weather = (what: string, proxy: { weather: Weather }, kind: Weather): Fault => ({
    name: `${what} ${kind}`,
    begin: async () => Object.assign(proxy, { weather: kind }),
    end: async () => Object.assign(proxy, { weather: 'fair' })
  })
  const blocked = (block: string): Fault => ({
    name: block,
    begin: () => send('PUT', '/containers/_settings', { [block]: true }),
    end: () => send('PUT', '/containers/_settings', { [block]: null })
  })
  const killed = (server: Leporello, place: number): Fault => ({
    name: `kill -9 of replica ${place + 1}`,
    begin: server.kill,
    end: server.restart,
    kills: server
  })
  const kinds: Weather[] = ['cut', 'lost', 'torn', 'away', 200]
  const faults: Fault[] = [
    ...Array.from({ length: repeats(3, { least: 1 }) }, () => servers.map(killed)).flat(),
    {
      name: 'replica paused',
      begin: async () => process.kill(servers[0].pid(), 'SIGSTOP'),
      end: async () => process.kill(servers[0].pid(), 'SIGCONT')
    },
    { name: 'engine killed', begin: engine.kill, end: engine.restart },
    { name: 'engine restarted', begin: engine.restart, end: async () => {} },
    {
      name: 'engine paused',
      begin: async () => process.kill(engine.pid(), 'SIGSTOP'),
      end: async () => process.kill(engine.pid(), 'SIGCONT')
    },
    ...[...kinds, 'busy' as const].map((kind) => weather('engine', toEngine, kind)),
    ...kinds.map((kind) => weather('bucket', toBucket, kind)),
    { name: 'bucket stopped', begin: s3.halt, end: s3.restart },
    {
      name: 'index closed',
      begin: () => send('POST', '/containers/_close'),
      end: () => send('POST', '/containers/_open?wait_for_active_shards=1')
    },
    ...['index.blocks.write', 'index.blocks.read_only', 'index.blocks.read_only_allow_delete'].map(blocked),
    { name: 'index deleted', begin: () => send('DELETE', '/containers'), end: async () => {}, loses: true }
  ]
  await runFaults(t, { name: 'engine', servers, faults, writers: 6 })
})
