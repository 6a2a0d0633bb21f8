import { join } from 'node:path'
import t from 'tap'
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

async function migrate() {
  const env = { ...process.env, LEPORELLO_STORE: 'elasticsearch', LEPORELLO_ENGINE_URL: engine.url }
  const program = runProgram(['node', join(projectFolder, 'build/src/main.js'), 'migrate'], { env })
  const { code } = await program.ended
  return { code, output: program.output() }
}

t.test('migrations that four processes start at once are each recorded once', async (t) => {
  const ended = await Promise.all(Array.from({ length: 4 }, migrate))

  for (const { code, output } of ended) t.equal(code, 0, output)
  const { body } = await ask(engine, ['GET', '/leporello-migrations/_doc/schema'])
  const numbers = body._source.applied.map(({ number }: { number: number }) => number)
  t.ok(numbers.length > 0)
  t.same(
    numbers,
    Array.from({ length: body._source.version }, (_, i) => i + 1)
  )
  t.equal((await migrate()).code, 0, 'a fifth finds nothing to do')
  t.same((await ask(engine, ['GET', '/leporello-migrations/_doc/schema'])).body._seq_no, body._seq_no)
})

t.test('writers of different architectures through two replicas lose nothing', async (t) => {
  const replicas = await Promise.all([1, 2].map(() => startLeporello(onEngine(engine.url))))
  for (const replica of replicas) t.teardown(replica.stop)
  await Promise.all(replicas.map((replica) => ready(replica)))
  const clients = replicas.map(({ url }) => mozartClient(url))
  const architectures = Array.from({ length: 40 }, (_, i) => `machine${i}`)

  const replies = await Promise.all(
    architectures.map((architecture, i) =>
      clients[i % 2]!.add(
        aContainer('container-many:v1', { url: '', urls: JSON.stringify({ [architecture]: `s3://b/${architecture}.tar` }), merge: 'true' })
      )
    )
  )

  t.same(
    replies.filter(({ status }) => status !== 200).map(({ text }) => text),
    [],
    'each is acknowledged'
  )
  for (const [i, architecture] of architectures.entries()) {
    const { body } = await clients[(i + 1) % 2]!.resolve('container-many:v1', architecture)
    t.equal(body.result?.url, `s3://b/${architecture}.tar`, `${architecture}, asked of the other replica`)
  }
})

t.test('what one replica writes the other knows at once', async (t) => {
  const replicas = await Promise.all([1, 2].map(() => startLeporello(onEngine(engine.url))))
  for (const replica of replicas) t.teardown(replica.stop)
  await Promise.all(replicas.map((replica) => ready(replica)))
  const [one, two] = replicas.map(({ url }) => mozartClient(url)) as [ReturnType<typeof mozartClient>, ReturnType<typeof mozartClient>]

  for (let n = 0; n < 50; n++) {
    await one.add(aContainer('container-turns:v1', { version: `v${n}` }))
    t.equal((await two.info('container-turns:v1')).body.result.version, `v${n}`)
  }
  await two.remove('container-turns:v1')
  t.equal((await one.info('container-turns:v1')).status, 404)
})

t.test('a program that is older than the indices is refused, with both versions', async (t) => {
  const { body } = await ask(engine, ['GET', '/leporello-migrations/_doc/schema'])
  await ask(engine, ['PUT', '/leporello-migrations/_doc/schema', { ...body._source, version: 999 }])

  const { code, output } = await migrate()

  t.not(code, 0)
  t.match(output, /version 999\b.*\b[1-9]\d*\b/s)
})
