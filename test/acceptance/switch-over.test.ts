import t from 'tap'
import { ask, type Engine } from '../support/engines.ts'
import { hysdsLayout, installHysds } from '../support/hysds.ts'
import { onEngine, ready, startLeporello } from '../support/leporello.ts'
import { aContainer, mozartClient } from '../support/mozart-client.ts'
import { sharedEngine } from '../support/shared-engine.ts'

const indices = { container: 'containers', job_spec: 'job_specs', hysds_io: 'hysds_ios-mozart' }
type Kind = keyof typeof indices
const kinds = Object.keys(indices) as Kind[]

/** Old Mozart and `sds pkg import`, as they write: the engine itself, and documents in their form. */
async function oldWrites(engine: Engine): Promise<void> {
  const put = async (kind: Kind, document: { id: string; [field: string]: unknown }) => {
    const { status } = await ask(engine, ['PUT', `/${indices[kind]}/_doc/${encodeURIComponent(document.id)}`, document])
    if (status !== 201) throw new Error(`${document.id}: ${status}`)
  }
  for (let n = 0; n < 25; n++) {
    const id = `container-team/old ${n}:v1`
    const url = n === 7 ? null : `s3://bucket/old-${n}.tar.gz`
    const urls = n % 5 === 0 ? { urls: JSON.stringify({ x86_64: url, arm64: `${url}-arm` }) } : {}
    await put('container', { id, digest: `sha256:${n}`, url, version: 'v1', ...urls })
    await put('job_spec', {
      id: `job-old${n}:v1`,
      container: id,
      params: [{ name: 'n', value: '12345678901234567' }],
      soft_time_limit: null
    } as {
      id: string
    })
    await put('hysds_io', { id: `hysds-io-old${n}:v1`, params: [{ name: 'n', default: n % 2 ? n : { deep: [n] } }] })
  }
}

/** The ids that old Mozart lists: a search over everything. */
async function oldList(engine: Engine, kind: Kind): Promise<string[]> {
  await ask(engine, ['POST', `/${indices[kind]}/_refresh`])
  const { body } = await ask(engine, ['POST', `/${indices[kind]}/_search?size=1000`, { _source: false, query: { match_all: {} } }])
  return body.hits.hits.map(({ _id }: { _id: string }) => _id).sort()
}

/** Every document as text, with how often it was written. */
async function everything(engine: Engine): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const index of Object.values(indices)) {
    await ask(engine, ['POST', `/${index}/_refresh`])
    const { body } = await ask(engine, ['POST', `/${index}/_search?size=1000&version=true`, { query: { match_all: {} } }])
    for (const { _id, _version, _source } of body.hits.hits) found.set(`${index} ${_id}`, `${_version} ${JSON.stringify(_source)}`)
  }
  return found
}

for (const name of ['es7', 'os2'] as const) {
  t.test(`a live cluster on ${name} switches over and back`, async (t) => {
    const engine = await sharedEngine(name)
    t.teardown(engine.stop)
    await installHysds(engine)
    await oldWrites(engine)
    const layout = await hysdsLayout(engine)
    const before = await everything(engine)

    const server = await startLeporello(onEngine(engine.url))
    t.teardown(server.stop)
    await ready(server)
    const mozart = mozartClient(server.url)
    const ourList = async (kind: Kind) => (await mozart.send('GET', `/api/v0.1/${kind}/list`)).body.result.sort()

    await t.test('reading harms nothing: every record is the same, each list equal', async (t) => {
      for (const kind of kinds) t.same(await ourList(kind), await oldList(engine, kind), kind)
      for (const [key, text] of before) {
        const [index, ...rest] = key.split(' ')
        const id = rest.join(' ')
        const kind = kinds.find((one) => indices[one] === index)!
        const reply = kind === 'container' ? await mozart.info(id) : await mozart.spec(kind, id)
        t.same(reply.body.result, JSON.parse(text.slice(text.indexOf(' '))), key)
      }
      t.equal((await mozart.resolve('container-team/old 5:v1', 'aarch64')).body.result.url, 's3://bucket/old-5.tar.gz-arm')
      t.same(await everything(engine), before)
    })

    await t.test('what is written through us old Mozart reads, and nothing else is touched', async (t) => {
      const two = { x86_64: 's3://bucket/new.tar.gz', amd64: 's3://bucket/new.tar.gz', arm64: 's3://b/arm', aarch64: 's3://b/arm' }
      await mozart.add(aContainer('container-new:v1', { url: two.x86_64, urls: JSON.stringify(two) }))
      await mozart.add(aContainer('container-team/old 3:v1', { url: 's3://bucket/rebuilt.tar.gz' }))
      await mozart.remove('container-team/old 4:v1')
      await mozart.addSpec('job_spec', { id: 'job-new:v1', container: 'container-new:v1', params: [] })
      await mozart.addSpec('hysds_io', { id: 'hysds-io-new:v1', params: [{ name: 'x', default: ['list'] }] })
      await server.stop()

      const after = await everything(engine)
      const changed = new Set([...before.keys(), ...after.keys()])
      for (const key of changed) if (before.get(key) === after.get(key)) changed.delete(key)
      t.same([...changed].sort(), [
        'containers container-new:v1',
        'containers container-team/old 3:v1',
        'containers container-team/old 4:v1',
        'hysds_ios-mozart hysds-io-new:v1',
        'job_specs job-new:v1'
      ])
      const { body } = await ask(engine, ['GET', '/containers/_doc/container-new:v1'])
      t.same(Object.keys(body._source), ['id', 'digest', 'url', 'version', 'urls'])
      t.equal(body._source.urls, JSON.stringify(two))
    })

    await t.test('templates, mappings and settings of HySDS are as they were, and ours are apart and can be deleted', async (t) => {
      t.same(await hysdsLayout(engine), layout)
      const { body } = await ask(engine, ['GET', '/_alias'])
      const ours = Object.keys(body).filter((index) => !Object.values(indices).includes(index))
      t.ok(ours.length > 0)
      t.ok(
        ours.every((index) => index.startsWith('leporello-')),
        ours.join(', ')
      )
      const lists = await Promise.all(kinds.map((kind) => oldList(engine, kind)))
      for (const index of ours) await ask(engine, ['DELETE', `/${index}`])

      const again = await startLeporello(onEngine(engine.url))
      t.teardown(again.stop)
      await ready(again)
      for (const [i, kind] of kinds.entries()) {
        t.same((await mozartClient(again.url).send('GET', `/api/v0.1/${kind}/list`)).body.result.sort(), lists[i], `over again: ${kind}`)
      }
    })
  })
}
