import t from 'tap'
import { CatalogueError } from '../../../src/domain/errors.ts'
import { startWithTarballs } from '../../support/tarballs.ts'

const url = '/api/v1/batch'
const { signal } = new AbortController()
const put = (id: string, more = {}) => ({ id, op: 'put', container: { version: '1', digest: 'd', url: `s3://b/${id}`, ...more } })

t.test('a batch is applied as a whole, several edits of one container in their order', async (t) => {
  const { app, stores } = await startWithTarballs(t)
  await app.inject({ method: 'PUT', url: '/api/v1/containers/old', payload: put('old').container })
  await app.inject({
    method: 'PUT',
    url: '/api/v1/containers/arm',
    payload: { version: '1', digest: 'd', images: { arm64: 's3://b/arm' } }
  })
  const items = [
    put('a'),
    { id: 'a', op: 'put-image', architecture: 'aarch64', from: 'arm' },
    { id: 'a', op: 'patch', container: { version: '2' } },
    put('old'),
    { id: 'arm', op: 'delete' }
  ]

  const reply = await app.inject({ method: 'POST', url, payload: { items } })

  t.equal(reply.statusCode, 200)
  t.match(reply.json(), {
    applied: 4,
    results: [
      { id: 'a', status: 201 },
      { id: 'a' },
      { id: 'a' },
      { id: 'old', status: 200, unchanged: true },
      { status: 200, revision: null }
    ]
  })
  t.match((await app.inject('/api/v1/containers/a')).json(), {
    version: '2',
    images: { arm64: { url: 's3://b/arm' }, amd64: { url: 's3://b/a' } }
  })
  t.equal((await app.inject('/api/v1/containers/arm')).statusCode, 404)
  t.same((await stores.leases.list({ where: [{ field: 'id', glob: 'batch-*' }], limit: 10 })).items, [], 'nothing is under way any more')
})

t.test('when one item is wrong nothing is changed, and the answer tells which', async (t) => {
  const { app } = await startWithTarballs(t)
  const batches = [
    { item: { id: 'b', op: 'delete' }, expected: { status: 404, code: 'container_unknown', errors: [{ path: 'items[1]' }] } },
    { item: { ...put('b'), ifMatch: 'x.1.1' }, expected: { status: 412, errors: [{ path: 'items[1]' }] } },
    { item: { id: 'b', op: 'put-image', architecture: 'arm64' }, expected: { status: 400, errors: [{ path: 'items[1].url' }] } },
    { item: { id: 'b', op: 'delete', url: 's3://b/x' }, expected: { status: 400, errors: [{ path: 'items[1].url' }] } },
    {
      item: { id: 'b', op: 'move' },
      expected: {
        status: 400,
        errors: [{ path: 'items[1].op', message: 'is "move"; expected one of put, patch, delete, put-image, delete-image' }]
      }
    },
    { item: { id: '..', op: 'delete' }, expected: { status: 400, errors: [{ path: 'items[1].id' }] } },
    { item: put('b', { images: { arm64: null } }), expected: { status: 400, errors: [{ path: 'items[1].container.images.arm64' }] } }
  ]
  for (const { item, expected } of batches) {
    const reply = await app.inject({ method: 'POST', url, payload: { items: [put('a'), item] } })
    t.match(reply.json(), expected, JSON.stringify(item))
    t.equal((await app.inject('/api/v1/containers/a')).statusCode, 404)
  }
})

t.test('not atomic, each item has its own answer', async (t) => {
  const { app } = await startWithTarballs(t)

  const reply = await app.inject({
    method: 'POST',
    url,
    payload: { atomic: false, items: [put('a'), { id: 'b', op: 'delete' }, put('a')] }
  })

  t.match(reply.json(), {
    applied: 1,
    results: [{ status: 201 }, { status: 404, problem: { code: 'container_unknown' } }, { status: 200, unchanged: true }]
  })
})

t.test('not atomic, what fails as nobody foresaw is the answer of its item, and told in the log', async (t) => {
  const failures: unknown[] = []
  const { app, stores } = await startWithTarballs(t, { report: ({ failure }) => void (failure && failures.push(failure)) })
  const { put: really } = stores.containers
  const onFire = new Error('the disk is on fire')
  stores.containers.put = async (id, ...rest) => {
    if (id === 'b') throw onFire
    return really(id, ...rest)
  }
  const copy = { id: 'c', op: 'put-image', architecture: 'arm64', from: 'nowhere' }

  const reply = await app.inject({ method: 'POST', url, payload: { atomic: false, items: [put('a'), put('b'), copy, put('d')] } })

  t.equal(reply.statusCode, 200)
  t.match(reply.json(), {
    applied: 2,
    results: [
      { id: 'a', status: 201 },
      { id: 'b', status: 500, unchanged: true, problem: { status: 500, detail: 'Internal Server Error' } },
      { id: 'c', status: 404, problem: { code: 'container_unknown' } },
      { id: 'd', status: 201 }
    ]
  })
  t.strictSame(failures, [onFire])
})

t.test('a dry run of a batch tells what would be', async (t) => {
  const { app } = await startWithTarballs(t)

  const reply = await app.inject({ method: 'POST', url: `${url}?dryRun=true`, payload: { items: [put('a'), put('b')] } })

  t.match(reply.json(), { applied: 2, results: [{ status: 201 }, { status: 201 }] })
  t.equal((await app.inject('/api/v1/containers/a')).statusCode, 404)
})

t.test('what fails in the middle is taken back', async (t) => {
  const { app, stores } = await startWithTarballs(t)
  const { put: really } = stores.containers
  stores.containers.put = async (id, ...rest) => {
    if (id === 'c') throw new Error('the disk is on fire')
    return really(id, ...rest)
  }
  await app.inject({ method: 'PUT', url: '/api/v1/containers/a', payload: put('a').container })

  const reply = await app.inject({ method: 'POST', url, payload: { items: [put('a', { version: '2' }), put('b'), put('c')] } })

  t.equal(reply.statusCode, 500)
  t.match((await app.inject('/api/v1/containers/a')).json(), { version: '1' })
  t.equal((await app.inject('/api/v1/containers/b')).statusCode, 404)
})

t.test('what a killed process left half done is taken back by the next, except where somebody wrote since', async (t) => {
  const { catalogue, stores } = await startWithTarballs(t)
  const document = (version: string) => `{"id": "x", "version": "${version}", "url": "s3://b/x"}`
  const ids = ['a', 'b', 'c', 'd']
  for (const id of ids) await stores.containers.put(id, document('before'))
  const items = ids.map((id) => ({ id, before: document('before'), after: document('after') }))
  const intent = { id: 'batch-1', kind: 'batch', due: '2026-01-01T00:00:00Z', items }
  await stores.leases.put('batch-1', JSON.stringify(intent))
  await stores.leases.put('batch-2', JSON.stringify({ ...intent, id: 'batch-2', due: '2027-01-01T00:00:00Z', items: [] }))
  await stores.containers.put('a', document('after'))
  await stores.containers.put('b', document('after'))
  await stores.containers.put('c', document('of somebody else'))

  t.equal(await catalogue.batches.recover({ signal }), 1)

  const versions = (await stores.containers.getMany(ids)).map((stored) => JSON.parse(stored!.document).version)
  t.strictSame(versions, ['before', 'before', 'of somebody else', 'before'])
  t.equal(await stores.leases.get('batch-1'), undefined)
  t.ok(await stores.leases.get('batch-2'), 'one that may still be alive is left alone')
})

t.test('a batch that was whole stays whole, though only its note was left and somebody wrote on since', async (t) => {
  const { app, catalogue, stores } = await startWithTarballs(t)
  const { remove } = stores.leases
  stores.leases.remove = async () => {
    throw new CatalogueError('store_unavailable', 'the store is away')
  }
  const lost = await app.inject({ method: 'POST', url, payload: { items: [put('a'), put('b')] } })
  stores.leases.remove = remove
  const again = await app.inject({ method: 'POST', url, payload: { items: [put('a'), put('b')] } })
  await app.inject({ method: 'PATCH', url: '/api/v1/containers/b', payload: { version: '2' } })
  const [note] = (await stores.leases.list({ where: [{ field: 'id', glob: 'batch-*' }], limit: 1 })).items
  // as if it had begun ten minutes earlier by the clock of whoever looks now
  const past = JSON.parse(note!.document)
  await stores.leases.put(note!.id, JSON.stringify({ ...past, due: '2026-01-02T03:04:05.000Z' }))

  t.equal(lost.statusCode, 503)
  t.equal(again.statusCode, 200)
  t.equal(await catalogue.batches.recover({ signal }), 1)

  t.match((await app.inject('/api/v1/containers/a')).json(), { version: '1' })
  t.match((await app.inject('/api/v1/containers/b')).json(), { version: '2' })
})

t.test('of a batch in which every item is wrong the first is told first, and how many more there are', async (t) => {
  const { app } = await startWithTarballs(t)
  const items = Array.from({ length: 1000 }, (_, i) => ({ op: 'put', id: `a${i}`, container: { url: 5, x: 1 } }))

  const refused = (await app.inject({ method: 'POST', url: '/api/v1/batch', payload: { items } })).json()

  t.match(refused, { status: 400, detail: /^body: items\[0\]\.container\.x is unknown; .*; and 1999 more/ })
  t.match(refused.errors[1], { path: 'items[0].container.url' })
})
