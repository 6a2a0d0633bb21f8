import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { ask } from '../support/engines.ts'
import { installHysds } from '../support/hysds.ts'
import { onEngine, ready, startLeporello } from '../support/leporello.ts'
import { startMixedLoad } from '../support/mixed-load.ts'
import { eventually, runProgram } from '../support/processes.ts'
import { projectFolder } from '../support/project.ts'
import { startS3 } from '../support/s3.ts'
import { sharedEngine } from '../support/shared-engine.ts'

const scratch = await mkdtemp(join(tmpdir(), 'leporello-backup-'))
t.teardown(() => rm(scratch, { recursive: true, force: true }))
const folder = join(scratch, 'backup')

async function leporello(settings: Record<string, string>, ...args: string[]) {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LEPORELLO_')))
  const own = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`LEPORELLO_${name}`, value]))
  const program = runProgram(['node', join(projectFolder, 'build/src/main.js'), ...args], { env: { ...inherited, ...own }, cwd: scratch })
  const { code } = await program.ended
  return { code, output: program.output() }
}

t.test('Elasticsearch and S3: a backup that is made while two replicas write is restored after both were destroyed', async (t) => {
  const engine = await sharedEngine('es7')
  t.teardown(engine.stop)
  await installHysds(engine)
  const s3 = await startS3()
  t.teardown(s3.stop)
  const settings = { ...onEngine(engine.url), OBJECTS: 's3', S3_BUCKET: s3.bucket, S3_ENDPOINT: s3.url, S3_PATH_STYLE: 'true' }
  const replicas = await Promise.all([startLeporello(settings), startLeporello(settings)])
  t.teardown(() => Promise.all(replicas.map(({ stop }) => stop())))
  await Promise.all(replicas.map((replica) => ready(replica)))
  const load = startMixedLoad({ urls: replicas.map(({ url }) => url), name: 'load', writers: 4, seed: 1, deadlineMs: 600_000 })
  await eventually(async () => load.count() >= 40 || undefined, { what: 'writes are acknowledged' })

  const first = await leporello(settings, 'backup', folder)
  const mark = load.mark()
  const saved = await leporello(settings, 'backup', folder)
  await load.stop()
  await Promise.all(replicas.map(({ stop }) => stop()))
  const { body } = await ask(engine, ['GET', '/_alias'])
  for (const index of Object.keys(body)) await ask(engine, ['DELETE', `/${index}`])
  await s3.stop()
  const [freshS3, data] = [await startS3(), join(scratch, 'embedded')]
  t.teardown(freshS3.stop)
  const fresh = { ...settings, S3_ENDPOINT: freshS3.url }
  const restored = await leporello(fresh, 'restore', folder)
  const elsewhere = await leporello({ DATA: data }, 'restore', folder)
  const fsck = await leporello(fresh, 'fsck', '--deep')
  const [server, embedded] = await Promise.all([startLeporello(fresh), startLeporello({ DATA: data })])
  t.teardown(() => Promise.all([server.stop(), embedded.stop()]))
  await ready(server)

  t.match(first, { code: 0, output: /Saved to/ })
  t.match(saved, { code: 0, output: /tarballs +\d+ copied \(.*\), [1-9]\d* there already/ })
  t.strictSame(load.broken, [])
  for (const one of [restored, elsewhere]) t.match(one, { code: 0, output: /Restored: everything .* byte for byte/ })
  t.notMatch(fsck.output, /^(missing|changed)/m)
  t.strictSame(await load.wrong(server.url, mark), [], 'to the same kinds of stores')
  t.strictSame(await load.wrong(embedded.url, mark), [], 'to an embedded store and a directory')
})
