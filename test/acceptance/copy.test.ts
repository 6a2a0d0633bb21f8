import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ask } from '../support/engines.ts'
import { installHysds } from '../support/hysds.ts'
import { onEngine, ready, startLeporello } from '../support/leporello.ts'
import { aContainer, mozartClient } from '../support/mozart-client.ts'
import { runProgram } from '../support/processes.ts'
import { projectFolder } from '../support/project.ts'
import { sharedEngine } from '../support/shared-engine.ts'

const engine = await sharedEngine('es7')
t.teardown(engine.stop)
await installHysds(engine)

const scratch = await mkdtemp(join(tmpdir(), 'leporello-copy-'))
t.teardown(() => rm(scratch, { recursive: true, force: true }))

async function leporello(...args: string[]) {
  const env = { PATH: process.env['PATH'], LEPORELLO_ENGINE_PATIENCE_MS: '60000' }
  const program = runProgram(['node', join(projectFolder, 'build/src/main.js'), ...args], { env, cwd: scratch })
  const { code } = await program.ended
  return { code, output: program.output() }
}

const refresh = () => ask(engine, ['POST', '/_refresh'])
const source = (index: string, id: string) =>
  ask(engine, ['GET', `/${index}/_doc/${encodeURIComponent(id)}`]).then(({ body }) => body._source)

async function fill(t: Test, settings: Record<string, string>): Promise<void> {
  const server = await startLeporello(settings)
  t.teardown(server.stop)
  await ready(server)
  const client = mozartClient(server.url)
  for (let i = 0; i < 300; i++) {
    await client.add(aContainer(`hello:${i}`, { urls: `{"arm64": "s3://bucket/hello-${i}-arm64.tar.gz"}` }))
  }
  await client.addSpec('job_spec', { id: 'job-hello:1', container: 'hello:1', time_limit: null })
  await client.addSpec('hysds_io', { id: 'hysds-io-hello:1', params: [{ default: { a: 1 } }] })
  await server.stop()
}

t.test('from the embedded store to an engine and back, nothing is lost, and every byte is the same', async (t) => {
  const [data, back] = [join(scratch, 'data'), join(scratch, 'back')]
  await fill(t, { DATA: data })

  const dry = await leporello('copy', '--from', data, '--to', engine.url, '--dry-run')
  const before = await source('containers', 'hello:7')
  const there = await leporello('copy', '--from', data, '--to', engine.url)
  await refresh()
  const again = await leporello('copy', '--from', data, '--to', engine.url)
  const returned = await leporello('copy', '--from', engine.url, '--to', back)
  const same = await leporello('copy', '--from', data, '--to', back)

  t.equal(dry.code, 0, dry.output)
  t.match(dry.output, /containers +300 to copy, 0 there already/)
  t.equal(before, undefined, 'a dry run writes nothing')
  t.equal(there.code, 0, there.output)
  t.match(there.output, /containers +300 copied, 0 there already\njob specs +1 copied[\s\S]*Verified/)
  t.equal((await source('containers', 'hello:7')).id, 'hello:7')
  t.match(again.output, /containers +0 copied, 300 there already/)
  t.equal(returned.code, 0, returned.output)
  t.match(
    same.output,
    /containers +0 copied, 300 there already\njob specs +0 copied, 1 there already\nhysds-ios +0 copied, 1 there already/
  )
})

t.test('an engine that HySDS alone used is only read, and its documents may be of any form', async (t) => {
  for (const index of ['containers', 'job_specs', 'hysds_ios-mozart']) {
    await ask(engine, ['POST', `/${index}/_delete_by_query?refresh=true`, { query: { match_all: {} } }])
  }
  const { body } = await ask(engine, ['GET', '/_alias'])
  for (const index of Object.keys(body).filter((name) => name.startsWith('leporello'))) await ask(engine, ['DELETE', `/${index}`])
  await ask(engine, ['PUT', '/containers/_doc/by-hand:1?refresh=true', '{"url": null, "id": "by-hand:1",  "note": "x"}'])

  const { code, output } = await leporello('copy', '--from', engine.url, '--to', join(scratch, 'by-hand'))

  t.equal(code, 0, output)
  t.match(output, /containers +1 copied/)
  const { body: after } = await ask(engine, ['GET', '/_alias'])
  t.strictSame(
    Object.keys(after).filter((name) => name.startsWith('leporello')),
    []
  )
})

t.test('a server in front of the engine serves what was copied there', async (t) => {
  const data = join(scratch, 'more')
  await fill(t, { DATA: data })
  await leporello('copy', '--from', data, '--to', engine.url)
  const server = await startLeporello(onEngine(engine.url))
  t.teardown(server.stop)
  await ready(server)

  const { body } = await mozartClient(server.url).resolve('hello:42', 'aarch64')

  t.equal(body.result.url, 's3://bucket/hello-42-arm64.tar.gz')
})
