import t from 'tap'
import { installHysds } from '../support/hysds.ts'
import { onEngine, ready, startLeporello } from '../support/leporello.ts'
import { manyWriters, writesTried } from '../support/many-writers.ts'
import { sharedEngine } from '../support/shared-engine.ts'
import { repeats } from '../support/speed.ts'

const writers = 200
const engine = await sharedEngine('es7')
t.teardown(engine.stop)
await installHysds(engine)
const rules = JSON.stringify([{ match: 'policy-*', expected: ['amd64', 'arm64'], publish: 'all' }])
const replicas = await Promise.all([1, 2].map(() => startLeporello({ ...onEngine(engine.url), RULES: rules })))
for (const replica of replicas) t.teardown(replica.stop)
await Promise.all(replicas.map((replica) => ready(replica)))
const urls = replicas.map(({ url }) => url)
const [one, two] = urls as [string, string]

const api = async (url: string, path: string, { method = 'GET', body }: { method?: string; body?: object } = {}) => {
  const json = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  const reply = await fetch(`${url}/api/v1/containers/${path}`, { method, ...json })
  return { status: reply.status, body: (await reply.json()) as any }
}

for (let round = 1; round <= repeats(3, { least: 1 }); round++) {
  t.test(
    `${writers} writers of different architectures through two replicas lose nothing, and each answer is true (${round})`,
    async (t) => {
      const id = `container-many-${round}:v1`
      const before = await writesTried(urls)

      const written = await manyWriters(urls, { id, count: writers })

      t.strictSame(
        written.filter(({ status }) => status !== 201).map(({ status, body }) => [status, body.detail]),
        [],
        'each is told that it was first'
      )
      const { body } = await api(two, encodeURIComponent(id))
      t.equal(Object.keys(body.images).length, writers)
      for (const { architecture, url, body: answer } of written) {
        if (body.images[architecture]?.url !== url) t.fail(`${architecture} is lost`)
        const { container, image, unchanged } = answer
        if (unchanged || image.url !== url || container.images[architecture]?.url !== url)
          t.fail(`the answer to ${architecture} is not true`)
      }
      const revisions = new Set(written.map(({ body }) => body.container.revision))
      t.equal(revisions.size, writers, 'each was a change of its own')
      const attempts = ((await writesTried(urls)) - before) / writers
      t.ok(attempts < 3, `${attempts} attempts a writer`)
      t.comment(`${attempts} attempts a writer`)
      const { body: history } = await api(one, `${encodeURIComponent(id)}/history?kind=record&limit=200`)
      t.equal(history.items.length, writers, 'and each stands in the history')
    }
  )
}

t.test('who waits at one replica hears of what comes through the other', async (t) => {
  await api(one, 'wait-two%3A1/expected', { method: 'PUT', body: { architectures: ['amd64', 'arm64'] } })
  const waiting = api(one, 'wait-two%3A1/wait?timeout=300')
  await api(two, 'wait-two%3A1/images/amd64', { method: 'PUT', body: { url: 's3://b/x', digest: 'd' } })
  await api(two, 'wait-two%3A1/images/arm64', { method: 'PUT', body: { url: 's3://b/a', digest: 'd' } })

  t.match((await waiting).body, { reached: true, state: 'complete' })
})

t.test('of two builders who bring the two halves at once through two replicas, one completes the set', async (t) => {
  for (let round = 0; round < 10; round++) {
    const path = `policy-${round}%3A1`
    const put = (url: string, architecture: string) =>
      api(url, `${path}/images/${architecture}`, { method: 'PUT', body: { url: `s3://b/${architecture}`, digest: 'd' } })

    const replies = await Promise.all([put(one, 'amd64'), put(two, 'arm64')])

    t.ok(
      replies.every(({ status }) => status < 300),
      JSON.stringify(replies.map(({ status }) => status))
    )
    const { body } = await api(two, path)
    t.match(body, { state: 'complete', pending: {}, images: { amd64: {}, arm64: {} } })
  }
})

t.test('a replica killed between the halves loses neither', async (t) => {
  await api(one, 'policy-kill%3A1/images/amd64', { method: 'PUT', body: { url: 's3://b/x', digest: 'd' } })
  const under = api(one, 'policy-kill%3A1/images/arm64', { method: 'PUT', body: { url: 's3://b/a', digest: 'd' } }).catch(() => undefined)
  await replicas[0]!.kill()
  await under

  const again = await api(two, 'policy-kill%3A1/images/arm64', { method: 'PUT', body: { url: 's3://b/a', digest: 'd' } })

  t.match(again.body, { pending: false, container: { state: 'complete', pending: {} } })
})
