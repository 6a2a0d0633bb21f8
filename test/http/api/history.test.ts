import t from 'tap'
import type { DocumentStore } from '../../../src/stores/document-store.ts'
import { doorOf } from '../../support/front-door.ts'
import { historyCases } from '../../support/history-cases.ts'
import { appLayer, baseLayer } from '../../support/images.ts'
import { openStores } from '../../support/start-server.ts'
import { startWithTarballs, tarball } from '../../support/tarballs.ts'

const path = '/api/v1/containers/container-hello%3Av1'

t.test('on the embedded store', async (t) => {
  const { url } = await startWithTarballs(t, { listen: true })
  const door = doorOf(url)

  await historyCases(t, [door, door])
})

t.test('a restore says which tarballs of ours are gone by now', async (t) => {
  const { url, blobs, everything } = await startWithTarballs(t, { listen: true })
  const { ask } = doorOf(url)
  const arm64 = tarball({ architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] })
  await fetch(`${url}${path}/images/arm64`, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream' },
    body: new Uint8Array(arm64)
  })
  await ask('PUT', `${path}/images/amd64`, { body: { url: 's3://b/x.tar', digest: 'd' } })
  const { revision } = (await ask('GET', path)).body
  await ask('DELETE', path)
  const [key] = await everything()
  const restore = () => ask('POST', `${path}/restore?dryRun=true`, { body: { revision } })

  t.strictSame((await restore()).body.warnings, [])
  await blobs.remove(key!)

  t.match((await restore()).body.warnings, [
    { code: 'gone', architecture: 'arm64', message: new RegExp(`not in the store any more: ${key}`) }
  ])

  const { container } = (await ask('POST', `${path}/restore`, { body: { revision } })).body
  t.match(container, { state: 'degraded', images: { arm64: { verdict: 'match', status: 'gone' } } }, 'proven, and of no use')
})

t.test('the list of what was removed says which tarballs are still there, with so many reads however long it is', async (t) => {
  const stores = await openStores(t)
  let reads = 0
  const counting = <Args extends unknown[], Answer>(read: (...args: Args) => Answer) => {
    return (...args: Args) => {
      reads++
      return read(...args)
    }
  }
  const counted = (store: DocumentStore): DocumentStore => ({
    ...store,
    get: counting(store.get),
    getMany: counting(store.getMany),
    list: counting(store.list)
  })
  const own = { containers: counted(stores.containers), journal: counted(stores.journal), tasks: counted(stores.tasks) }
  const { url, blobs, catalogue } = await startWithTarballs(t, { listen: true, stores: { ...stores, ...own } })
  const { ask } = doorOf(url)
  const put = async (id: string) => {
    const body = new Uint8Array(tarball({ config: { Env: [`ID=${id}`] } }))
    const headers = { 'content-type': 'application/octet-stream' }
    return (await fetch(`${url}/api/v1/containers/${id}/images/amd64`, { method: 'PUT', headers, body })).json()
  }
  const ids = ['a:v1', 'b:v1', 'c:v1', 'd:v1', 'e:v1', 'f:v1', 'g:v1']
  const keys: string[] = []
  for (const id of ids) keys.push((await put(id)).image.url.split('/storage/')[1])
  await ask('PUT', '/api/v1/containers/a:v1/images/arm64', { body: { url: 's3://b/x.tar', digest: 'd' } })
  for (const id of ids) await ask('DELETE', `/api/v1/containers/${id}`)
  // removed, brought back and removed again: told once, on whatever page
  await put('c:v1')
  await ask('DELETE', '/api/v1/containers/c:v1')
  await blobs.remove(keys[1]!)
  // what is still being written for lists reads, too
  await catalogue.summaries.settled(60_000)

  reads = 0
  const { items } = (await ask('GET', '/api/v1/deleted')).body
  t.ok(reads <= 4, `${reads} reads`)
  t.strictSame(
    items.map(({ id }: { id: string }) => id),
    ['c:v1', 'g:v1', 'f:v1', 'e:v1', 'd:v1', 'b:v1', 'a:v1']
  )
  t.match(items.at(-1).tarballs, [
    { architecture: 'amd64', status: 'present', key: keys[0], due: /^20/ },
    { architecture: 'arm64', status: 'elsewhere', key: null, due: null }
  ])
  t.strictSame(items.at(-2).tarballs, [{ architecture: 'amd64', status: 'gone', key: keys[1], due: null }])

  const paged: string[] = []
  for (let path: string | null = '/api/v1/deleted?limit=2'; path !== null; ) {
    reads = 0
    const { body } = await ask('GET', path)
    t.ok(reads <= 5, `${reads} reads for a page`)
    paged.push(...body.items.map(({ id }: { id: string }) => id))
    path = body.next && `/api/v1/deleted?limit=2&cursor=${encodeURIComponent(body.next)}`
  }
  t.strictSame(
    paged,
    items.map(({ id }: { id: string }) => id)
  )
})

t.test('a document of somebody else comes back as it was, but not one that nobody could register', async (t) => {
  const { url, stores } = await startWithTarballs(t, { listen: true })
  const { ask } = doorOf(url)
  const document = '{"id": "container-hello:v1", "url": "s3://b/x.tar", "version": "v1", "digest": null, "count": 12345678901234567890}'
  const contradicting = JSON.stringify({ ...JSON.parse(document), urls: JSON.stringify({ amd64: 's3://b/x.tar', x86_64: 's3://b/y.tar' }) })
  await stores.containers.put('container-hello:v1', document)
  const put = () => ask('PUT', path, { body: { version: 'v1', digest: 'd', images: { arm64: 's3://b/arm.tar' } } })
  const previous = async () => (await ask('GET', `${path}/history?kind=record&limit=1`)).body.items[0].previous
  await put()

  t.equal((await ask('POST', `${path}/restore`, { body: { revision: await previous() } })).status, 200)
  t.equal((await stores.containers.get('container-hello:v1'))?.document, document)

  await stores.containers.put('container-hello:v1', contradicting)
  await put()
  const refused = await ask('POST', `${path}/restore`, { body: { revision: await previous() } })
  t.match(refused, { status: 422, body: { code: 'restore_refused', detail: /cannot be registered any more: .*amd64/ } })
  await stores.containers.put('container-hello:v1', '{"id": "container-hello:v1", "url": null}')
  await put()
  t.match(await ask('POST', `${path}/restore`, { body: { revision: await previous() } }), {
    status: 422,
    body: { code: 'restore_refused', detail: /names no image/ }
  })
})

t.test('whole documents keep every digit of a number', async (t) => {
  const { url, stores } = await startWithTarballs(t, { listen: true })
  const { ask } = doorOf(url)
  await stores.containers.put('container-hello:v1', '{"id":"container-hello:v1","url":"s3://b/x","count":12345678901234567890}')
  await ask('DELETE', path)
  const [{ id }] = (await ask('GET', `${path}/history?kind=record`)).body.items

  const text = await (await fetch(`${url}${path}/history/${id}`)).text()

  t.match(text, '"before":{"id":"container-hello:v1","url":"s3://b/x","count":12345678901234567890},"after":null}')
  t.equal(text.split('"before":').length, 2, 'a name stands in an object once')
})
