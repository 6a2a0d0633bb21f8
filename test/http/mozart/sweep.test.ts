import t from 'tap'
import { parseArchitecture } from '../../../src/domain/architecture.ts'
import { factsId, toFactsDocument } from '../../../src/domain/image/facts.ts'
import { someFacts } from '../../support/facts.ts'
import { inChunks } from '../../support/images.ts'
import { sha256 } from '../../support/start-server.ts'
import { startWithTarballs, tarball, type WithTarballs } from '../../support/tarballs.ts'

const amd64 = tarball()
const hello = { name: 'hello:1', version: 'v1', digest: 'sha256:1' }
const url = 'http://127.0.0.1:0/storage/x.tar.gz'
const image = '/api/v1/containers/hello%3A1/images/amd64'

/** hello:1 with an image of our own store, proven by somebody long ago. */
async function provenLongAgo(server: WithTarballs): Promise<void> {
  await server.blobs.put('x.tar.gz', inChunks(amd64))
  await server.app.inject({ method: 'POST', url: '/container/add', query: { ...hello, url: '', urls: JSON.stringify({ amd64: url }) } })
  await server.catalogue.verifier!.work({ atOnce: 10, signal: new AbortController().signal })
  const stored = await server.stores.facts.get(factsId({ container: 'hello:1', imageKey: parseArchitecture('amd64') }, sha256))
  await server.stores.facts.put(stored!.id, JSON.stringify({ ...JSON.parse(stored!.document), checked: '2025-01-01T00:00:00.000Z' }))
}

const sweep = ({ catalogue }: WithTarballs) => catalogue.sweep!({ olderMs: 1000, limit: 10, signal: new AbortController().signal })
const shown = async ({ app }: WithTarballs) => (await app.inject(image)).json()
const waiting = async ({ stores }: WithTarballs) => (await stores.tasks.list({ limit: 10 })).items.length

t.test('what is still there is looked at, and then left alone for a while', async (t) => {
  const server = await startWithTarballs(t)
  await provenLongAgo(server)

  t.equal(await sweep(server), 1)

  t.match(await shown(server), { status: 'present', verdict: 'match', checked: '2026-01-02T03:04:05.000Z' })
  t.equal(await waiting(server), 0)
  t.equal(await sweep(server), 0)
})

t.test('what is gone is marked, and stays proven', async (t) => {
  const server = await startWithTarballs(t)
  await provenLongAgo(server)
  await server.blobs.remove('x.tar.gz')

  await sweep(server)

  t.match(await shown(server), { status: 'gone', verdict: 'match' })
})

t.test('what changed is put down to be read anew', async (t) => {
  const server = await startWithTarballs(t)
  await provenLongAgo(server)
  await server.blobs.put('x.tar.gz', inChunks(tarball({ architecture: 'arm64' })))

  await sweep(server)
  t.equal(await waiting(server), 1)
  await server.catalogue.verifier!.work({ atOnce: 10, signal: new AbortController().signal })

  t.match(await shown(server), { verdict: 'mislabelled' })
})

t.test('facts about what no record names any more are forgotten', async (t) => {
  const server = await startWithTarballs(t)
  const facts = someFacts({ container: 'removed:1', imageKey: 'amd64', checked: '2025-01-01T00:00:00.000Z' })
  const id = factsId(facts, sha256)
  await server.stores.facts.put(id, toFactsDocument(facts, id))

  await sweep(server)

  t.equal(await server.stores.facts.get(id), undefined)
})
