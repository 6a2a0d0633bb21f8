import t, { type Test } from 'tap'
import { parseArchitecture } from '../../../src/domain/architecture.ts'
import type { BackfillItem } from '../../../src/schemas.ts'
import { command } from '../../cli/in-process.ts'
import { appLayer, baseLayer, inChunks } from '../../support/images.ts'
import { startWithTarballs, tarball } from '../../support/tarballs.ts'

const amd64 = tarball()
const arm64 = tarball({ architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] })
const mislabelled = tarball({ architecture: 'arm64' })

/** Records as builders wrote them that knew no architectures; what is in our store was read. */
async function start(t: Test, tarballs: Record<string, Buffer | null>) {
  const server = await startWithTarballs(t, { listen: true })
  const { app, stores, blobs, catalogue } = server
  for (const [id, payload] of Object.entries(tarballs)) {
    const url = `${server.url}/storage/${id.replace(':', '-')}.tar.gz`
    if (payload) await blobs.put(`${id.replace(':', '-')}.tar.gz`, inChunks(payload))
    const query = { name: id, version: 'v1', digest: 'sha256:1', url: payload ? url : 's3://bucket/elsewhere.tar.gz' }
    await app.inject({ method: 'POST', url: '/container/add', query })
  }
  await catalogue.verifier!.work({ atOnce: 10, signal: new AbortController().signal })
  const document = async (id: string) => JSON.parse((await stores.containers.get(id))!.document)
  const backfill = (...args: string[]) => command(t, { args: ['backfill', ...args], environment: { LEPORELLO_URL: server.url } })
  return { ...server, document, backfill }
}

t.test('a dry run shows what would be written and what to do about the rest, and writes nothing', async (t) => {
  const server = await start(t, { 'amd:1': amd64, 'arm:1': arm64, 'wrong:1': mislabelled, 'far:1': null })
  const before = await server.document('arm:1')

  const { status, stdout } = await server.backfill()

  t.equal(status, 0)
  t.match(
    stdout,
    /^amd:1: would be written for amd64: proven to be for amd64: .*\n {2}urls {2}\{"x86_64": "http.*amd-1\.tar\.gz", "amd64": "http/m
  )
  t.match(
    stdout,
    /^arm:1: would be written for arm64: .*\n {2}urls {2}\{"arm64": .*\n {2}url {3}http.*\/unavailable\/arm%3A1\/amd64\n {8}instead of http/m
  )
  t.match(stdout, /^wrong:1: not proven: mislabelled: .*register it by hand/m)
  t.match(stdout, /^far:1: not proven: nobody has read it yet: leporello verify far:1/m)
  t.match(stdout, /^2 would be written, 2 not proven; nothing was written, which takes --write\n$/m)
  t.strictSame(await server.document('arm:1'), before)
})

t.test('--write names the architecture, and every machine is then given what it can run', async (t) => {
  const server = await start(t, { 'amd:1': amd64, 'arm:1': arm64, 'wrong:1': mislabelled })
  const { url } = await server.document('arm:1')

  const { status, stdout } = await server.backfill('--write', '--json')

  t.equal(status, 0)
  t.match(JSON.parse(stdout), { written: 2, unproven: 1, refused: 0 })
  const arm = await server.document('arm:1')
  t.strictSame(JSON.parse(arm.urls), { arm64: url, aarch64: url })
  t.equal(arm.url, `${server.url}/unavailable/arm%3A1/amd64`)
  const amd = await server.document('amd:1')
  t.strictSame(JSON.parse(amd.urls), { x86_64: amd.url, amd64: amd.url })
  const resolved = await server.app.inject('/container/resolve?id=arm:1&arch=aarch64')
  t.match(resolved.json().result, { url, source: 'urls', verdict: 'match' })
  t.equal((await server.app.inject('/container/resolve?id=arm:1&arch=x86_64')).statusCode, 404)
  t.strictSame((await server.stores.facts.list({ limit: 10 })).items.map(({ document }) => JSON.parse(document).slot).sort(), [
    '',
    'amd64',
    'arm64'
  ])
  t.match(JSON.parse((await server.backfill('--json')).stdout), { proven: 0, unproven: 1 }, 'nothing is left to do')
})

t.test('only what was shown is written, and fields of others stay', async (t) => {
  const server = await start(t, { 'arm:1': arm64 })
  const { document } = (await server.stores.containers.get('arm:1'))!
  await server.stores.containers.put('arm:1', JSON.stringify({ ...JSON.parse(document), resource: 'container', urls: null }))
  const [item] = (await server.app.inject('/api/v1/backfill?id=ar?:*')).json().items as BackfillItem[]
  const write = (revision: string) =>
    server.app.inject({ method: 'POST', url: '/api/v1/containers/arm:1/backfill', headers: { 'if-match': `"${revision}"` } })

  const stale = await write('somebody.else.wrote')
  const done = await write(item!.revision)
  const again = await write(item!.revision)

  t.equal(stale.statusCode, 412)
  t.match(done.json(), { id: 'arm:1', architecture: 'arm64', written: true, after: item!.after })
  t.match(await server.document('arm:1'), { ...item!.after, resource: 'container', digest: 'sha256:1', version: 'v1' })
  t.match(again.json(), { status: 404, code: 'image_missing', available: ['arm64'] })
})

t.test('what is not proven is refused, and so is what does not belong in a query', async (t) => {
  const { app } = await start(t, { 'wrong:1': mislabelled, 'far:1': null })

  t.match((await app.inject({ method: 'POST', url: '/api/v1/containers/wrong:1/backfill' })).json(), {
    status: 404,
    code: 'image_unproven'
  })
  t.match((await app.inject({ method: 'POST', url: '/api/v1/containers/no:1/backfill' })).json(), { code: 'container_unknown' })
  t.match((await app.inject('/api/v1/backfill?limit=0')).json(), { status: 400, errors: [{ path: 'limit' }] })
  t.match((await app.inject('/api/v1/backfill?id=far:*&limit=1')).json(), { items: [{ id: 'far:1', after: null }] })
})

t.test('pages go through all records, also where most of them need nothing', async (t) => {
  const server = await start(t, { 'c:1': amd64, 'a:1': arm64 })
  const urls = JSON.stringify({ [parseArchitecture('amd64')]: 's3://b/x.tar' })
  for (let i = 0; i < 5; i++) {
    await server.app.inject({ method: 'POST', url: '/container/add', query: { name: `b:${i}`, version: '1', digest: 'd', url: '', urls } })
  }
  const ids: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: { items: BackfillItem[]; next: string | null } = (
      await server.app.inject(`/api/v1/backfill?limit=2${cursor && `&cursor=${cursor}`}`)
    ).json()
    ids.push(...page.items.map(({ id }) => id))
    cursor = page.next
  }

  t.strictSame(ids, ['a:1', 'c:1'])
})

t.test('one container can be rehearsed, too', async (t) => {
  const server = await start(t, { 'arm:1': arm64 })
  const before = await server.document('arm:1')
  const backfill = (query: string) => server.app.inject({ method: 'POST', url: `/api/v1/containers/arm%3A1/backfill${query}` })

  const rehearsed = await backfill('?dryRun=true')
  t.match(rehearsed.json(), { id: 'arm:1', architecture: 'arm64', written: false, after: { urls: /arm64/ } })
  t.strictSame(await server.document('arm:1'), before)
  t.equal((await server.stores.facts.list({ limit: 10 })).items.length, 1)

  const done = await backfill('')
  t.strictSame(done.json(), { ...rehearsed.json(), written: true })
})
