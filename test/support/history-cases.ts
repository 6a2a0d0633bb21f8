import type { Test } from 'tap'
import { maskJson } from '../../src/domain/secrets.ts'
import type { Door } from './front-door.ts'

/** Two doors to one store: two replicas, or twice the same one. */
export type Doors = readonly [Door, Door]

const path = (id: string) => `/api/v1/containers/${encodeURIComponent(id)}`
const x86 = { url: 's3://key:hush@b/x.tar', digest: 'sha256:x' }
const arm = { url: 's3://b/arm.tar', digest: 'sha256:arm' }

/** A container with two images, by two changes; the two revisions. */
async function twoChanges({ ask }: Door, id: string): Promise<[string, string]> {
  const first = await ask('PUT', `${path(id)}/images/amd64`, {
    body: x86,
    headers: { 'x-reason': 'the first one', 'user-agent': 'builder/1' }
  })
  const second = await ask('PUT', `${path(id)}/images/arm64`, { body: arm, headers: { 'x-request-id': 'second-change' } })
  return [first.body.container.revision, second.body.container.revision]
}

/** Everything about histories that a client can see, on whatever store. */
export async function historyCases(t: Test, [one, two]: Doors): Promise<void> {
  await t.test('the history tells when, who, what, before, after and why, the newest first', async (t) => {
    const [first, second] = await twoChanges(one, 'told:v1')

    const { status, body } = await two.ask('GET', `${path('told:v1')}/history?kind=record`)

    t.equal(status, 200)
    t.equal(body.next, null)
    t.equal(body.cut, null)
    t.match(body.items, [
      {
        container: 'told:v1',
        kind: 'record',
        what: 'changed',
        revision: second,
        previous: first,
        by: { face: 'api', request: 'second-change', address: /^(::ffff:)?127\.0\.0\.1$/ },
        reason: null,
        architecture: 'arm64',
        summary: 'the image for arm64 was added: s3://b/arm.tar',
        before: 'v1: amd64',
        after: 'v1: amd64, arm64'
      },
      {
        what: 'created',
        revision: first,
        previous: null,
        by: { agent: 'builder/1' },
        reason: 'the first one',
        before: null,
        after: 'v1: amd64'
      }
    ])
    for (const { at } of body.items) t.equal(new Date(at).toISOString(), at)
    t.notMatch(JSON.stringify(body), 'hush', 'no secret is told')
  })

  await t.test('a history is read page by page, by cursor or by Link', async (t) => {
    for (let i = 0; i < 5; i++)
      await one.ask('PUT', path('paged:v1'), { body: { version: `v${i}`, digest: 'd', images: { amd64: 's3://b/x' } } })

    const seen: string[] = []
    let next: string | null = `${path('paged:v1')}/history?kind=record&limit=2`
    while (next !== null) {
      const { body, headers } = await two.ask('GET', next)
      seen.push(...body.items.map(({ after }: { after: string }) => after.split(':')[0]))
      next = body.next && `${path('paged:v1')}/history?kind=record&limit=2&cursor=${encodeURIComponent(body.next)}`
      t.equal(/^<(.+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1]?.slice(two.url.length) ?? null, next)
    }

    t.strictSame(seen, ['v4', 'v3', 'v2', 'v1', 'v0'])
    for (const query of ['limit=0', 'limit=1000', 'kind=colour', 'page=2']) {
      t.match(await one.ask('GET', `${path('paged:v1')}/history?${query}`), { status: 400, body: { code: 'parameter_invalid' } }, query)
    }
    t.match(await one.ask('GET', `${path('paged:v1')}/history?cursor=x`), { status: 400, body: { code: 'cursor_invalid' } })
  })

  await t.test('an entry is read with whole documents, by its revision or its id', async (t) => {
    const [first, second] = await twoChanges(one, 'whole:v1')

    const { body } = await two.ask('GET', `${path('whole:v1')}/history/${second}`)

    t.match(body, {
      what: 'changed',
      previous: first,
      before: { id: 'whole:v1', version: 'v1', digest: 'sha256:x' },
      after: { url: 's3://***@b/x.tar' }
    })
    t.match(JSON.parse(body.after.urls), { arm64: arm.url, aarch64: arm.url })
    t.strictSame((await two.ask('GET', `${path('whole:v1')}/history/${body.id}`)).body, body)
    t.match(await two.ask('GET', `${path('whole:v1')}/history/nothing`), { status: 404, body: { code: 'revision_unknown' } })
    t.match(await two.ask('GET', `${path('other:v1')}/history/${body.id}`), { status: 404, body: { code: 'container_unknown' } })
    t.match(await two.ask('GET', `${path('other:v1')}/history`), { status: 404, body: { code: 'container_unknown' } })
  })

  await t.test('two revisions, or one and what is there now, are compared in words', async (t) => {
    const [first, second] = await twoChanges(one, 'compared:v1')
    const compare = (query: string) => two.ask('GET', `${path('compared:v1')}/diff?${query}`)
    const added = { kind: 'added', what: 'image', architecture: 'arm64', before: null, after: arm.url }

    const { status, body } = await compare(`from=${first}&to=${second}`)
    t.equal(status, 200)
    t.match(body, { container: 'compared:v1', from: first, to: second, same: false, changes: [added], summary: /arm64 was added/ })
    t.strictSame((await compare(`from=${first}`)).body.changes, body.changes)
    t.match((await compare(`from=current&to=${first}`)).body, {
      from: second,
      to: first,
      changes: [{ kind: 'removed', before: arm.url, after: null }]
    })
    t.match((await compare(`from=${first}&to=${first}`)).body, { same: true, changes: [] })

    await one.ask('DELETE', path('compared:v1'))
    t.match((await compare(`from=${second}`)).body, {
      from: second,
      to: null,
      changes: [{ kind: 'removed', what: 'container' }, {}, {}, {}, {}, {}]
    })
    t.notMatch(JSON.stringify((await compare(`from=${second}`)).body), 'hush', 'no secret is told')
    t.match(await compare(''), { status: 400, body: { code: 'parameter_missing', detail: /from/ } })
    t.match(await compare('from=nothing'), { status: 404, body: { code: 'revision_unknown' } })
    t.match(await two.ask('GET', `${path('nowhere:v1')}/diff?from=x`), { status: 404, body: { code: 'container_unknown' } })
  })

  await t.test('what stood at a revision is registered again, byte for byte, and that is an entry itself', async (t) => {
    const [first, second] = await twoChanges(one, 'back:v1')
    const was = (await one.ask('GET', `${path('back:v1')}/history/${first}`)).body.after
    const restore = (body: object, { headers = {}, query = '' } = {}) =>
      two.ask('POST', `${path('back:v1')}/restore${query}`, { body, headers })

    t.match(await restore({ revision: first }, { headers: { 'if-match': `"${first}"` } }), {
      status: 412,
      body: { code: 'precondition_failed' }
    })
    const dry = await restore({ revision: first }, { query: '?dryRun=true' })
    t.match(dry, { status: 200, body: { unchanged: false, warnings: [] } })
    t.strictSame(Object.keys(dry.body.container.images), ['amd64'])
    t.equal((await one.ask('GET', path('back:v1'))).body.revision, second, 'a dry run writes nothing')

    const restored = await restore({ revision: first }, { headers: { 'if-match': `"${second}"`, 'x-reason': 'arm64 was wrong' } })

    t.match(restored, { status: 200, body: { unchanged: false, container: { url: 's3://***@b/x.tar' } } })
    t.equal(restored.headers.get('etag'), `"${restored.body.container.revision}"`)
    const now = (await one.ask('GET', '/container/info?id=back:v1')).body.result
    t.equal(now.url, x86.url, 'the secret, too')
    t.strictSame(JSON.parse(maskJson(JSON.stringify(now))), was)
    const { items } = (await one.ask('GET', `${path('back:v1')}/history?kind=record&limit=1`)).body
    t.match(items, [{ what: 'restored', previous: second, reason: 'arm64 was wrong', before: 'v1: amd64, arm64', after: 'v1: amd64' }])
    const again = await restore({ revision: first })
    t.match(again, { status: 200, body: { unchanged: true, container: { revision: restored.body.container.revision } } })
  })

  await t.test('a removed container keeps its history, is listed as removed, and comes back', async (t) => {
    const [, second] = await twoChanges(one, 'gone:v1')
    const was = (await one.ask('GET', '/container/info?id=gone:v1')).body.result
    const deleted = async () =>
      (await two.ask('GET', '/api/v1/deleted?limit=200')).body.items.filter(({ id }: { id: string }) => id === 'gone:v1')
    t.strictSame(await deleted(), [])
    await one.ask('DELETE', path('gone:v1'), { headers: { 'x-reason': 'no longer used' } })

    t.match(await deleted(), [
      { revision: second, version: 'v1', architectures: ['amd64', 'arm64'], noticed: false, by: { face: 'api' }, reason: 'no longer used' }
    ])
    const { items } = (await two.ask('GET', `${path('gone:v1')}/history?kind=record`)).body
    t.match(items, [{ what: 'removed', revision: null, previous: second, after: null }, { what: 'changed' }, { what: 'created' }])
    t.match(await two.ask('POST', `${path('gone:v1')}/restore`, { body: { revision: second } }), {
      status: 200,
      body: { unchanged: false }
    })

    t.strictSame((await one.ask('GET', '/container/info?id=gone:v1')).body.result, was)
    t.strictSame(await deleted(), [])
    await one.ask('GET', '/container/remove?id=gone:v1')
    t.equal((await deleted()).length, 1, 'removed again, it is listed once')
    const [removal] = (await two.ask('GET', `${path('gone:v1')}/history?kind=record&limit=1`)).body.items
    t.equal((await two.ask('POST', `${path('gone:v1')}/restore`, { body: { revision: removal.id } })).status, 200, "by the removal's id")
  })

  await t.test('removed containers are listed page by page, the last one first', async (t) => {
    const ids = ['page-a:v1', 'page-b:v1', 'page-c:v1']
    for (const id of ids) await twoChanges(one, id)
    for (const id of ids) await one.ask('DELETE', path(id))

    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const { body } = await two.ask('GET', `/api/v1/deleted?limit=2${cursor && `&cursor=${encodeURIComponent(cursor)}`}`)
      seen.push(...body.items.map(({ id }: { id: string }) => id).filter((id: string) => ids.includes(id)))
      cursor = body.next
    }

    t.strictSame(seen, ids.toReversed())
    t.match(await one.ask('GET', '/api/v1/deleted?cursor=x'), { status: 400, body: { code: 'cursor_invalid' } })
  })

  await t.test('a restore that says too little, or asks for what nobody knows, is refused in words', async (t) => {
    await twoChanges(one, 'refused:v1')
    const restore = (body: unknown, id = 'refused:v1') => two.ask('POST', `${path(id)}/restore`, { body })

    t.match(await restore({}), { status: 400, body: { code: 'parameter_missing', detail: /revision/ } })
    t.match(await restore({ revision: 'x', force: 'true' }), {
      status: 400,
      body: { code: 'parameter_invalid', errors: [{ path: 'force' }] }
    })
    t.match(await restore({ revision: 'x' }), { status: 404, body: { code: 'revision_unknown', detail: /\/history/ } })
    t.match(await restore({ revision: 'x' }, 'nowhere:v1'), { status: 404, body: { code: 'container_unknown' } })
  })
}
