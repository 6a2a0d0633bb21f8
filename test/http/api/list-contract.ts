import type { Test } from 'tap'
import type { Catalogue } from '../../../src/catalogue/catalogue.ts'
import { parseArchitecture } from '../../../src/domain/architecture.ts'
import type { Stores } from '../../../src/stores/document-store.ts'
import { eventually } from '../../support/processes.ts'
import { startWithTarballs, type TarballOptions, tarball } from '../../support/tarballs.ts'

/** Empty stores, and how to make what was written visible to lists of others. */
export type OpenLists = (t: Test) => Promise<{ stores: Stores; settle(): Promise<void> }>

const base = '/api/v1/containers'
const graceMs = 200
const now = () => new Date()
const amd64 = tarball()
const octets = { 'content-type': 'application/octet-stream' }

interface Item {
  id: string
  [member: string]: unknown
}

async function start(t: Test, options: TarballOptions & { stores: Stores }) {
  const { app, catalogue, stores } = await startWithTarballs(t, { now, appendGraceMs: graceMs, ...options })
  const get = async (query: string, status = 200) => {
    const reply = await app.inject(query.startsWith('/') ? query : `${base}?${query}`)
    if (reply.statusCode !== status) throw new Error(`${query}: ${reply.statusCode} ${reply.body}`)
    return reply
  }
  const page = async (query: string) => (await get(query)).json() as { items: Item[]; next: string | null; swept: string | null }
  return {
    app,
    catalogue,
    stores,
    get,
    page,
    ids: async (query: string) => (await page(query)).items.map(({ id }) => id),
    /** All pages. */
    async walk(query: string): Promise<Item[]> {
      const items: Item[] = []
      let cursor = ''
      for (;;) {
        const { items: more, next } = await page(`${query}${cursor}`)
        items.push(...more)
        if (next === null) return items
        cursor = `&cursor=${encodeURIComponent(next)}`
      }
    },
    /** By URL. */
    async put(id: string, architectures: string[], { version = 'v1' } = {}) {
      const images = Object.fromEntries(architectures.map((name) => [name, { url: `s3://b/${id}-${name}.tar` }]))
      const payload = { version, digest: 'sha256:d', images }
      const reply = await app.inject({ method: 'PUT', url: `${base}/${encodeURIComponent(id)}`, payload })
      if (reply.statusCode >= 300) throw new Error(reply.body)
    },
    /** Entries about the record, the oldest first. */
    async entries(id: string) {
      const where = [{ field: 'container', equals: id }]
      const { items } = await stores.journal.list({ where, sort: { field: 'order', order: 'asc' }, limit: 100, fresh: true })
      return items.map(({ document }) => JSON.parse(document)).filter(({ kind }) => kind === 'record')
    }
  }
}

const sweep = (catalogue: Catalogue) => catalogue.summaries.run({ everyMs: 0, signal: new AbortController().signal })
const record = (id: string, version: string, more = '') =>
  `{"id": "${id}", "version": "${version}", "digest": "d", "url": "s3://b/${id}"${more}}`
/** As long as an entry may be on its way, and a little. */
const grace = () => new Promise((resolve) => setTimeout(resolve, graceMs * 1.5))

export function listContract(t: Test, open: OpenLists): void {
  t.test('containers are listed by every filter, alone and together', async (t) => {
    const { stores } = await open(t)
    const { app, put, ids } = await start(t, { stores, expected: ['amd64', 'arm64'] })
    await put('operator:v1', ['amd64', 'arm64'])
    await put('operator:v2', ['x86_64'], { version: 'v2' })
    await put('operator-arm:v1', ['aarch64'])
    await app.inject({
      method: 'POST',
      url: '/container/add',
      payload: 'name=Old:v1&url=s3://b/old.tar&version=v1&digest=d',
      headers: { 'content-type': 'application/x-www-form-urlencoded' }
    })
    await app.inject({ method: 'PUT', url: `${base}/wrong:v1/images/arm64`, payload: amd64, headers: octets })
    await app.inject({ method: 'PUT', url: `${base}/wrong:v1/images/amd64`, payload: amd64, headers: octets })

    const cases: [string, string[]][] = [
      ['', ['Old:v1', 'operator-arm:v1', 'operator:v1', 'operator:v2', 'wrong:v1']],
      ['name=operator', ['operator:v1', 'operator:v2']],
      ['name=operator*', ['operator-arm:v1', 'operator:v1', 'operator:v2']],
      ['name=operator:v1', ['operator:v1']],
      ['name=*:v2', ['operator:v2']],
      ['name=?ld', ['Old:v1']],
      ['name=old', []],
      ['version=v2', ['operator:v2']],
      ['version=v*&name=o*', ['operator-arm:v1', 'operator:v1', 'operator:v2']],
      ['architecture=arm64', ['operator-arm:v1', 'operator:v1', 'wrong:v1']],
      ['architecture=aarch64', ['operator-arm:v1', 'operator:v1', 'wrong:v1']],
      ['architecture=x86_64&version=v1', ['Old:v1', 'operator:v1', 'wrong:v1']],
      ['architecture=riscv64', []],
      ['missing=arm64', ['Old:v1', 'operator:v2']],
      ['missing=x86_64', ['operator-arm:v1']],
      ['state=complete', ['operator:v1']],
      ['state=partial', ['Old:v1', 'operator-arm:v1', 'operator:v2']],
      ['state=degraded', ['wrong:v1']],
      ['verdict=mislabelled', ['wrong:v1']],
      ['verdict=match', ['wrong:v1']],
      ['verdict=unverified', ['Old:v1', 'operator-arm:v1', 'operator:v1', 'operator:v2']],
      ['q=OPERATOR', ['operator-arm:v1', 'operator:v1', 'operator:v2']],
      ['q=arm%20V1', ['operator-arm:v1']],
      ['q=*', []],
      ['state=partial&name=operator*&missing=arm64', ['operator:v2']],
      ['sort=-id', ['wrong:v1', 'operator:v2', 'operator:v1', 'operator-arm:v1', 'Old:v1']],
      ['sort=-version&name=operator', ['operator:v2', 'operator:v1']],
      ['sort=created', ['operator:v1', 'operator:v2', 'operator-arm:v1', 'Old:v1', 'wrong:v1']],
      ['sort=-updated&state=partial', ['Old:v1', 'operator-arm:v1', 'operator:v2']]
    ]
    for (const [query, expected] of cases) t.strictSame(await ids(query), expected, query || 'everything')
  })

  t.test('an item is the container as it is shown elsewhere, or the members of it that were asked for', async (t) => {
    const { stores } = await open(t)
    const { put, page, get } = await start(t, { stores, expected: ['amd64', 'arm64'] })
    await put('a:v1', ['amd64'])

    const { items } = await page('state=partial')
    t.strictSame(items, [(await get(`${base}/a:v1`)).json()])
    t.strictSame((await page('fields=missing,%20id')).items, [{ missing: ['arm64'], id: 'a:v1' }])
  })

  t.test('what is wrong with a query is said, with what would be right', async (t) => {
    const { stores } = await open(t)
    const { get } = await start(t, { stores })
    const cases: [string, RegExp][] = [
      ['state=green', /state is "green"; expected one of complete, partial, degraded/],
      ['verdict=good', /expected one of match, mislabelled, mixed, no-binaries, unreadable, unverified/],
      ['sort=size', /expected one of id, -id, version, -version, created/],
      ['fields=id,colour', /fields has "colour"; expected some of id, version, url/],
      ['limit=0', /limit is 0; expected a whole number from 1 to 1000/],
      ['limit=many', /limit is "many"; expected a whole number/],
      ['architecture=a%20b', /is not the name of an architecture/],
      ['name=', /name has 0 characters/],
      ['nmae=x', /nmae is unknown; did you mean name\? expected name, version, architecture/],
      ['state=partial&state=complete', /state is given more than once/],
      ['cursor=x', /cursor/],
      ['state=partial&cursor=x', /cursor/]
    ]
    for (const [query, message] of cases) t.match((await get(query, 400)).json().detail, message, query)
  })

  t.test('pages lead on by cursor and by Link, and each container comes once', async (t) => {
    const { stores } = await open(t)
    const { put, get, walk, page } = await start(t, { stores, expected: ['amd64', 'arm64'] })
    const expected = Array.from({ length: 23 }, (_, i) => `c${String(i).padStart(2, '0')}:v${i % 3}`)
    await Promise.all(expected.map((id, i) => put(id, i % 2 ? ['amd64'] : ['amd64', 'arm64'], { version: `v${i % 3}` })))

    for (const query of [
      'limit=5',
      'limit=7&sort=-version',
      'limit=1&sort=created',
      'limit=4&architecture=amd64&sort=-id',
      'limit=5&q=c'
    ]) {
      const ids = (await walk(query)).map(({ id }) => id)
      t.strictSame(ids.sort(), expected, query)
    }
    const odd = expected.filter((_, i) => i % 2)
    for (const query of ['limit=3&state=partial', 'limit=3&missing=arm64&sort=updated']) {
      t.strictSame((await walk(query)).map(({ id }) => id).sort(), odd, query)
    }
    const { headers } = await get('limit=20&state=partial&fields=id')
    t.equal(headers['link'], undefined)
    const [, link = ''] =
      /^<[^>]*?(\/api[^>]*)>; rel="next"$/.exec(String((await get('limit=6&state=partial&fields=id')).headers['link'])) ?? []
    t.strictSame(
      (await get(link)).json().items.map(({ id }: Item) => id),
      odd.slice(6, 12)
    )
    t.equal((await page('limit=11&state=partial')).next === null || (await walk('limit=11&state=partial')).length === 11, true)
  })

  t.test('in the order in which they were created, what was changed a moment ago stands where it stood', async (t) => {
    const { stores } = await open(t)
    const { put, ids } = await start(t, { stores })
    for (const id of ['c:1', 'a:1', 'b:1']) await put(id, ['amd64'])
    t.strictSame((await ids('sort=created')).length, 3)
    const [before] = await stores.containers.getMany(['a:1'])
    await stores.containers.put('a:1', before!.document.replace('"v1"', '"v2"'))

    const [oldest, second, newest] = await ids('sort=created')
    t.strictSame([oldest, second, newest].sort(), ['a:1', 'b:1', 'c:1'], 'its row is of the record that was')
    t.strictSame(await ids('sort=-created&version=v2'), [], 'where to look for its version is known later')
  })

  t.test('while others write, walking all pages neither misses nor repeats what stood unchanged', async (t) => {
    const { stores } = await open(t)
    const { put, walk } = await start(t, { stores, expected: ['amd64', 'arm64'] })
    const standing = Array.from({ length: 60 }, (_, i) => `still-${String(i).padStart(2, '0')}:v1`)
    await Promise.all([...standing, ...standing.map((id) => id.replace('still', 'moving'))].map((id) => put(id, ['amd64'])))
    for (const query of ['limit=7', 'limit=7&state=partial', 'limit=7&missing=arm64&sort=-updated', 'limit=7&sort=version']) {
      let ended = false
      const disturbed = (async () => {
        for (let i = 0; !ended; i++) {
          await put(`moving-${String(i % 60).padStart(2, '0')}:v1`, i % 2 ? ['amd64', 'arm64'] : ['amd64'], { version: `v${i}` })
          await put(`new-${i}:v1`, ['amd64'])
        }
      })()
      const seen = (await walk(query)).map(({ id }) => id).filter((id) => id.startsWith('still'))
      ended = true
      await disturbed

      t.strictSame(seen.sort(), standing, query)
    }
  })

  t.test('what has no record yet, but builds or images that wait, is found as it is shown', async (t) => {
    const { stores, settle } = await open(t)
    const rules = [{ match: 'whole-*', publish: 'all' as const, expected: ['amd64', 'arm64'].map(parseArchitecture) }]
    const { app, put, ids, page, walk, get, catalogue } = await start(t, { stores, expected: ['amd64', 'arm64'], rules })
    const build = (id: string, status: string) =>
      app.inject({ method: 'PUT', url: `${base}/${encodeURIComponent(id)}/builds/arm64`, payload: { status } })
    await put('here:v1', ['amd64'])
    t.equal((await build('built:v1', 'running')).statusCode, 201)
    await app.inject({ method: 'PUT', url: `${base}/whole-1%3Av1/images/amd64`, payload: { url: 's3://b/w.tar', digest: 'sha256:w' } })
    await app.inject({ method: 'PUT', url: `${base}/only-expected%3Av1/expected`, payload: { architectures: ['amd64'] } })

    t.strictSame(await ids('state=partial'), ['built:v1', 'here:v1', 'whole-1:v1'])
    t.strictSame(await ids('missing=arm64&sort=-id'), ['whole-1:v1', 'here:v1', 'built:v1'])
    t.strictSame(await ids(''), ['here:v1', 'built:v1', 'whole-1:v1'], 'behind those that have a record')
    t.strictSame(await ids('name=w*'), ['whole-1:v1'])
    t.strictSame(
      (await walk('limit=1')).map(({ id }) => id),
      ['here:v1', 'built:v1', 'whole-1:v1']
    )
    t.equal((await page('limit=3')).next, null)
    t.strictSame(await ids('version=v1'), ['here:v1'])
    for (const item of (await page('sort=-updated')).items) {
      t.strictSame(item, (await get(`${base}/${encodeURIComponent(item.id)}`)).json(), item.id)
    }
    t.match((await page('name=built')).items, [{ id: 'built:v1', revision: null, state: 'partial', missing: ['amd64', 'arm64'] }])

    await build('built:v1', 'failed')
    t.strictSame(await ids('state=degraded'), ['built:v1'])
    await put('built:v1', ['amd64', 'arm64'])
    t.strictSame(await ids('state=degraded'), [])
    t.strictSame(await ids('state=complete'), ['built:v1'])
    await app.inject({ method: 'DELETE', url: `${base}/built%3Av1` })
    await app.inject({ method: 'DELETE', url: `${base}/whole-1%3Av1/images/amd64` })
    t.strictSame(await ids(''), ['here:v1'])

    await sweep(catalogue)
    await build('late:v1', 'running')
    await catalogue.summaries.settled(5000)
    await stores.summaries.remove('late:v1')
    await settle()
    await sweep(catalogue)
    t.strictSame(await ids(''), ['here:v1', 'late:v1'], 'a row that was lost is made anew')
  })

  t.test('rows that are behind the truth are never sent, and a sweep corrects them', async (t) => {
    const { stores, settle } = await open(t)
    const { put, ids, page, catalogue } = await start(t, { stores, expected: ['amd64', 'arm64'] })
    await Promise.all(['a:v1', 'b:v1', 'c:v1'].map((id) => put(id, ['amd64'])))
    await catalogue.summaries.settled(5000)
    t.equal((await page('')).swept, null)
    await sweep(catalogue)
    t.ok((await page('')).swept)
    const urls = JSON.stringify(JSON.stringify({ amd64: 's3://b/x', arm64: 's3://b/y' }))
    await stores.containers.put('a:v1', record('a:v1', 'v9', `, "urls": ${urls}`))
    await stores.containers.remove('b:v1')
    await stores.containers.put('d:v1', record('d:v1', 'v1'))
    await settle()

    t.strictSame(await ids('state=partial'), ['c:v1'], 'neither the one that is complete by now, nor the one that is gone')
    t.strictSame(await ids('name=a&version=v9'), ['a:v1'], 'what records tell is found at once')
    await sweep(catalogue)
    t.strictSame(await ids('state=complete'), ['a:v1'])
    t.strictSame(await ids('state=partial'), ['c:v1', 'd:v1'])
    t.strictSame(await ids('architecture=arm64'), ['a:v1'])
  })

  t.test('changes and removals that nobody told of are noticed once, and others are not', async (t) => {
    const { stores, settle } = await open(t)
    const first = record('before-us:v1', 'v1')
    await stores.containers.put('before-us:v1', first)
    await settle()
    const { put, entries, catalogue } = await start(t, { stores })
    const other = await start(t, { stores })
    await put('changed:v1', ['amd64'])
    await put('removed:v1', ['amd64'])
    await put('same:v1', ['amd64'])
    await put('ours:v1', ['amd64'])
    await catalogue.summaries.settled(5000)
    await settle()
    await sweep(catalogue)
    const [changed, removed, same] = await stores.containers.getMany(['changed:v1', 'removed:v1', 'same:v1'])
    await stores.containers.put('changed:v1', record('changed:v1', 'v2'))
    await stores.containers.put('before-us:v1', record('before-us:v1', 'v2'))
    await stores.containers.remove('removed:v1')
    await stores.containers.put('same:v1', same!.document.replaceAll('": ', '":   '))
    await stores.containers.put('new:v1', record('new:v1', 'v1'))
    for (const version of ['v2', 'v3', 'v4']) await (version === 'v3' ? other : { put }).put('ours:v1', ['amd64', 'arm64'], { version })

    for (let i = 0; i < 3; i++) {
      await settle()
      await Promise.all([sweep(catalogue), sweep(other.catalogue)])
      await grace()
    }
    await settle()

    const noticed = async (id: string) =>
      (await entries(id))
        .filter(({ what }) => what === 'noticed')
        .map(({ before, after, previous, by }) => ({ before, after, previous, by: by.face }))
    const by = 'background'
    t.strictSame(await noticed('changed:v1'), [
      { before: changed!.document, after: record('changed:v1', 'v2'), previous: changed!.revision, by }
    ])
    t.match(await noticed('before-us:v1'), [{ before: first, after: record('before-us:v1', 'v2'), by }])
    t.strictSame(await noticed('removed:v1'), [{ before: removed!.document, after: null, previous: removed!.revision, by }])
    t.match(await noticed('new:v1'), [{ before: null, after: record('new:v1', 'v1'), previous: null, by }])
    for (const id of ['same:v1', 'ours:v1']) t.strictSame(await noticed(id), [], id)
    t.match(await entries('before-us:v1'), [{ what: 'noticed' }], 'that it was there before is not told')
  })

  t.test('a change of ours on top of one that nobody told of: that one stands before it', async (t) => {
    const { stores } = await open(t)
    const { put, entries, catalogue } = await start(t, { stores })
    await put('a:v1', ['amd64'], { version: 'v1' })
    await catalogue.summaries.settled(5000)
    await stores.containers.put('a:v1', record('a:v1', 'v2'))
    await put('a:v1', ['arm64'], { version: 'v3' })

    const told = await eventually(
      async () => {
        const all = await entries('a:v1')
        return all.length === 3 ? all : undefined
      },
      { what: 'the foreign change is told' }
    )

    t.match(
      told.map(({ what }: { what: string }) => what),
      ['created', 'noticed', 'changed']
    )
    t.equal(told[1].before, told[0].after)
    t.equal(told[1].after, told[2].before)
  })

  t.test('a change that this service could not tell of is noticed later', async (t) => {
    const { stores, settle } = await open(t)
    let dead = false
    const journal: Stores['journal'] = {
      ...stores.journal,
      put: (...given) => (dead ? Promise.reject(new Error('killed')) : stores.journal.put(...given))
    }
    const untold: unknown[] = []
    const dying = await start(t, { stores: { ...stores, journal }, onAppendFailed: (error) => untold.push(error) })
    await dying.put('a:v1', ['amd64'])
    await dying.catalogue.summaries.settled(5000)
    await settle()
    await sweep(dying.catalogue)
    await dying.catalogue.summaries.stop()
    dead = true
    await dying.put('a:v1', ['amd64', 'arm64'])
    await dying.put('b:v1', ['amd64'])
    t.equal(untold.length, 2)

    const next = await start(t, { stores })
    for (let i = 0; i < 2; i++) {
      await settle()
      await sweep(next.catalogue)
      await grace()
    }
    await sweep(next.catalogue)

    t.match(
      (await next.entries('a:v1')).map(({ what }: { what: string }) => what),
      ['created', 'noticed']
    )
    t.match(
      (await next.entries('b:v1')).map(({ what }: { what: string }) => what),
      ['noticed']
    )
  })

  t.test("a change whose entry is on its way is nobody else's", async (t) => {
    const { stores, settle } = await open(t)
    const put: Stores['journal']['put'] = async (...given) => {
      await new Promise((resolve) => setTimeout(resolve, 100))
      return stores.journal.put(...given)
    }
    const told: string[] = []
    const heard: Stores['journal']['put'] = (id, document, expected) => {
      told.push(JSON.parse(document).what)
      return stores.journal.put(id, document, expected)
    }
    const slow = await start(t, { stores: { ...stores, journal: { ...stores.journal, put } } })
    const other = await start(t, { stores: { ...stores, journal: { ...stores.journal, put: heard } }, appendGraceMs: 60_000 })
    await slow.put('a:v1', ['amd64'])
    await slow.catalogue.summaries.settled(5000)
    await settle()
    await sweep(other.catalogue)

    for (const version of ['v2', 'v3', 'v4']) {
      const written = slow.put('a:v1', ['amd64'], { version })
      const looked = (async () => {
        for (let i = 0; i < 5; i++) {
          await settle()
          await sweep(other.catalogue)
        }
      })()
      await Promise.all([written, looked])
    }
    t.strictSame(told, [])
  })

  t.test('of two replicas one sweeps at a time, and each sees what the other wrote', async (t) => {
    const { stores, settle } = await open(t)
    const [one, two] = await Promise.all([
      start(t, { stores, expected: ['amd64', 'arm64'] }),
      start(t, { stores, expected: ['amd64', 'arm64'] })
    ])
    await Promise.all(Array.from({ length: 20 }, (_, i) => [one, two][i % 2]!.put(`c${i}:v1`, ['amd64'])))
    await Promise.all(Array.from({ length: 20 }, (_, i) => [two, one][i % 2]!.put(`c${i}:v1`, ['amd64', 'arm64'])))
    await Promise.all([one, two].map(({ catalogue }) => catalogue.summaries.settled(5000)))
    await settle()

    const every = { everyMs: 60_000, signal: new AbortController().signal }
    const swept = await Promise.all([one, two].map(({ catalogue }) => catalogue.summaries.run(every)))
    t.strictSame(swept.sort(), [false, true])
    t.equal(await one.catalogue.summaries.run(every), false, 'it was done a moment ago')
    await settle()
    for (const { ids } of [one, two]) t.equal((await ids('state=complete')).length, 20)
    for (const { ids } of [one, two]) t.strictSame(await ids('state=partial'), [])
  })
}
