import { createHash } from 'node:crypto'
import type { Test } from 'tap'
import t from 'tap'
import type { Opened } from '../../stores/contract.ts'
import { appLayer, baseLayer } from '../../support/images.ts'
import { startWithTarballs, type TarballOptions, tarball } from '../../support/tarballs.ts'

const images = {
  amd64: tarball(),
  arm64: tarball({ architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] })
}

/** Channels and their promotion, over every store. Each test has repositories and channels of its own. */
export function channelContract(name: string, open: (t: Test) => Promise<Opened>): void {
  const site = async (t: Test, options: TarballOptions = {}) => {
    const server = await startWithTarballs(t, { stores: (await open(t)).stores, ...options })
    const ask = async (method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, payload?: object, headers = {}) => {
      const reply = await server.app.inject({ method, url: `/api/v1${path}`, ...(payload && { payload }), headers })
      return { status: reply.statusCode, body: reply.json(), etag: String(reply.headers.etag) }
    }
    const container = (id: string) => `/containers/${encodeURIComponent(id)}`
    return {
      ...server,
      ask,
      put: (id: string, payload: object = {}) =>
        ask('PUT', container(id), { version: '1', digest: 'sha256:1', images: { amd64: `s3://b/${id}` }, ...payload }),
      upload: (id: string, architecture: 'amd64' | 'arm64') =>
        server.app.inject({
          method: 'PUT',
          url: `/api/v1${container(id)}/images/${architecture}`,
          payload: images[architecture],
          headers: { 'content-type': 'application/octet-stream' }
        }),
      tested: (id: string, architecture: string) => ask('PUT', `${container(id)}/tests/${architecture}`, { status: 'succeeded' }),
      view: (id: string) => ask('GET', container(id))
    }
  }

  t.test(`${name}: a channel moves with its whole set, and every face shows it`, async (t) => {
    const { app, ask, put, view } = await site(t)
    for (const id of ['m-a:1', 'm-b:1', 'm-a:2', 'm-c:2']) await put(id, { version: id })
    await put('m-url:1', { images: undefined, url: 's3://b/only' })

    const first = await ask('PUT', '/channels/m-cur', { set: ['m-a:1', 'm-b:1', 'm-url:1'], reason: 'all passed' })
    const second = await ask('PUT', '/channels/m-cur', { set: ['m-a:2', 'm-c:2'], reason: 'again' })
    const same = await ask('PUT', '/channels/m-cur', { set: ['m-a:2', 'm-c:2'] })

    t.match(first, {
      status: 200,
      body: { unchanged: false, channel: { number: 1, reason: 'all passed', images: 3, by: { face: 'api' } } }
    })
    t.strictSame(first.body.written.sort(), ['m-a:m-cur', 'm-b:m-cur', 'm-url:m-cur'])
    t.match(second.body, {
      removed: ['m-b:m-cur', 'm-url:m-cur'],
      channel: { number: 2, set: [{ id: 'm-a:m-cur', origin: 'm-a:2' }, { id: 'm-c:m-cur' }] }
    })
    t.match(same.body, { unchanged: true, written: [], removed: [], channel: { number: 2 } })
    t.match((await view('m-a:m-cur')).body, { version: 'm-a:2', digest: 'sha256:1', images: { amd64: { url: 's3://b/m-a:2' } } })
    t.equal((await view('m-b:m-cur')).status, 404)
    t.match((await app.inject('/api/v0.1/container/info?id=m-a:m-cur&arch=x86_64')).json().result, { id: 'm-a:m-cur', url: 's3://b/m-a:2' })
    t.equal((await app.inject('/api/v1/image-list?tag=m-cur&format=names')).body, 'm-a\nm-c\n')
    t.match((await ask('GET', '/channels/m-cur')).etag, `"${second.body.channel.revision}"`)
    t.match((await ask('GET', '/channels')).body.items, [{ channel: 'm-cur', number: 2, images: 2 }])
    t.match((await ask('GET', `/containers/${encodeURIComponent('m-a:m-cur')}/history`)).body.items[0], { reason: 'again' })
  })

  t.test(`${name}: a set is refused whole, with every reason, also in a dry run`, async (t) => {
    const { ask, put, view } = await site(t)
    await put('r-a:1')
    await put('r-b:1')
    await ask('PUT', '/containers/r-b%3A1/expected', { architectures: ['amd64', 'arm64'] })
    const payload = { set: ['r-a:1', 'r-b:1', 'r-none:1', 'r-a:1'], require: ['complete', 'proven', 'tested'] }

    for (const query of ['', '?dryRun=true']) {
      const refused = await ask('PUT', `/channels/r-cur${query}`, payload)
      t.match(refused, {
        status: 409,
        body: {
          code: 'promotion_refused',
          errors: [
            { path: 'set[0]', message: /^r-a:1 is not proven: the image for amd64 is unverified/ },
            { path: 'set[0]', message: 'r-a:1 is not tested: there is no test result for amd64' },
            { path: 'set[1]', message: /^r-b:1 is not complete: there is no image for arm64/ },
            { path: 'set[1]', message: /not proven/ },
            { path: 'set[1]', message: /not tested.*amd64/ },
            { path: 'set[1]', message: /not tested.*arm64/ },
            { path: 'set[2]', message: 'r-none:1 does not exist' },
            { path: 'set[3]', message: 'r-a:1 is named twice; name one' }
          ]
        }
      })
    }
    t.equal((await view('r-a:r-cur')).status, 404)
    t.match(await ask('GET', '/channels/r-cur'), { status: 404, body: { code: 'channel_unknown' } })
    t.match(await ask('PUT', '/channels/r-cur?dryRun=true', { set: ['r-a:1'] }), { status: 200, body: { written: ['r-a:r-cur'] } })
    t.equal((await view('r-a:r-cur')).status, 404, 'nothing was written')
    t.match(await ask('PUT', '/channels/-x', { set: ['r-a:1'] }), { status: 400, body: { detail: /^the channel is "-x"; expected a tag/ } })
  })

  t.test(`${name}: what a rule requires counts for every promotion, and not for going back`, async (t) => {
    const { ask, put, tested, view } = await site(t, { rules: [{ match: '*:q-passed', require: ['complete', 'tested'] }] })
    for (const id of ['q-a:1', 'q-a:2', 'q-b:2']) await put(id)
    await tested('q-a:1', 'amd64')
    const set = ['q-a:2', 'q-b:2', 'q-none:2']

    const first = await ask('PUT', '/channels/q-passed', { set: ['q-a:1'] })
    const refused = await ask('PUT', '/channels/q-passed', { set })
    const dry = await ask('PUT', '/channels/q-passed?dryRun=true', { set })
    const byTag = await ask('PUT', '/channels/q-other', { set: ['q-a:2'], to: { tag: 'q-passed' } })
    const free = await ask('PUT', '/channels/q-other', { set: ['q-a:2'] })
    for (const id of ['q-a:2', 'q-b:2']) await tested(id, 'amd64')
    const second = await ask('PUT', '/channels/q-passed', { set: ['q-a:2', 'q-b:2'] })
    const back = await ask('POST', '/channels/q-passed/rollback', {})

    t.equal(first.status, 200)
    const errors = [
      { path: 'set[0]', message: 'q-a:2 is not tested: there is no test result for amd64' },
      { path: 'set[1]', message: 'q-b:2 is not tested: there is no test result for amd64' },
      { path: 'set[2]', message: 'q-none:2 does not exist' }
    ]
    for (const one of [refused, dry]) t.match(one, { status: 409, body: { code: 'promotion_refused', errors } })
    t.match(byTag, { status: 409, body: { code: 'promotion_refused' } })
    t.equal(free.status, 200)
    t.match(second.body, { channel: { number: 2, images: 2 } })
    t.match(back.body, { channel: { number: 3, images: 1 } })
    t.match((await view('q-a:q-passed')).body.images.amd64.url, 's3://b/q-a:1')
  })

  t.test(`${name}: what is proven and tested goes along, from channel to channel`, async (t) => {
    const { ask, upload, tested, view, everything } = await site(t)
    for (const architecture of ['amd64', 'arm64'] as const) await upload('p-a:1', architecture)
    const keys = await everything()
    t.match(await ask('PUT', '/channels/p-cur', { set: ['p-a:1'], require: ['complete', 'proven'] }), { status: 200 })

    const untested = await ask('PUT', '/channels/p-passed', { from: { channel: 'p-cur' }, require: ['tested'] })
    await tested('p-a:1', 'amd64')
    await tested('p-a:p-cur', 'arm64')
    const passed = await ask('PUT', '/channels/p-passed', { from: { channel: 'p-cur' }, require: ['complete', 'proven', 'tested'] })

    t.match(untested.body.errors, [{ message: /amd64/ }, { message: /arm64/ }])
    t.match(passed, { status: 200, body: { channel: { from: { channel: 'p-cur' }, set: [{ from: 'p-a:p-cur', origin: 'p-a:1' }] } } })
    const [before, after] = [(await view('p-a:1')).body, (await view('p-a:p-passed')).body]
    for (const architecture of ['amd64', 'arm64']) {
      const { checked: _, ...image } = before.images[architecture]
      t.match(after.images[architecture], { ...image, verdict: 'match' })
    }
    t.strictSame(await everything(), keys, 'no tarball was copied')
    await ask('PUT', '/containers/p-a%3Ap-cur', { images: { amd64: 's3://b/another' } })
    t.match((await ask('PUT', '/channels/p-passed', { from: { channel: 'p-cur' } })).body.errors, [{ message: /was changed since/ }])
  })

  t.test(`${name}: from one namespace to another`, async (t) => {
    const { ask, put, view } = await site(t)
    await put('experimental/x:1')
    await put('experimental/y:1')

    const moved = await ask('PUT', '/channels/n-stable', {
      set: ['experimental/x:1', 'experimental/y:1'],
      to: { namespace: 'stable', tag: '1' }
    })
    const again = await ask('PUT', '/channels/n-stable', { set: ['experimental/x:1'], to: { namespace: 'stable' } })

    t.match(moved.body.channel, { tag: '1', set: [{ id: 'stable/x:1', origin: 'experimental/x:1' }, { id: 'stable/y:1' }] })
    t.match(again.body, { removed: ['stable/y:1'], channel: { tag: '1' } })
    t.match((await view('stable/x:1')).body, { digest: 'sha256:1', images: { amd64: { url: 's3://b/experimental/x:1' } } })
    t.equal((await view('experimental/x:1')).status, 200)
  })

  t.test(`${name}: history, difference, and the way back`, async (t) => {
    const { ask, put, view } = await site(t)
    for (const id of ['h-a:1', 'h-b:1', 'h-a:2']) await put(id)
    await ask('PUT', '/channels/h-cur', { set: ['h-a:1', 'h-b:1'], reason: 'one' })
    await ask('PUT', '/channels/h-cur', { set: ['h-a:2'], reason: 'two' })
    await put('h-a:1', { images: { amd64: 's3://b/rebuilt' } })
    await ask('DELETE', '/containers/h-b%3A1')

    const history = await ask('GET', '/channels/h-cur/history?limit=1')
    const diff = await ask('GET', '/channels/h-cur/diff')
    const back = await ask('POST', '/channels/h-cur/rollback', { reason: 'two was wrong' })

    t.match(history.body, { items: [{ number: 2, reason: 'two', images: 1 }], next: '2' })
    t.match((await ask('GET', '/channels/h-cur/history?cursor=2')).body, { items: [{ number: 1, reason: 'one' }], next: null })
    t.match(diff.body, {
      from: 1,
      to: 2,
      differences: [
        { repository: 'h-a', before: { origin: 'h-a:1' } },
        { repository: 'h-b', after: null }
      ]
    })
    t.match(back, {
      status: 200,
      body: { channel: { number: 3, reason: 'two was wrong', from: { promotion: 1 }, set: [{ origin: 'h-a:1' }, {}] } }
    })
    t.match((await view('h-a:h-cur')).body.images.amd64.url, 's3://b/h-a:1', 'as it was then')
    t.equal((await view('h-b:h-cur')).status, 200)
    t.match(await ask('GET', '/channels/h-cur/history/1'), { body: { number: 1, set: [{ id: 'h-a:h-cur' }, { id: 'h-b:h-cur' }] } })
    t.match(await ask('POST', '/channels/h-cur/rollback', { to: 9 }), { status: 404, body: { code: 'promotion_unknown' } })
    t.match(await ask('POST', '/channels/h-none/rollback', {}), { status: 404, body: { code: 'channel_unknown' } })
  })

  t.test(`${name}: of two promotions at once one wins, and the other is told`, async (t) => {
    const { ask, put, view } = await site(t)
    for (const id of ['w-a:1', 'w-b:1', 'w-a:2', 'w-b:2']) await put(id)
    const { etag } = await ask('PUT', '/channels/w-cur', { set: ['w-a:1', 'w-b:1'] })

    const stale = await ask('PUT', '/channels/w-cur', { set: ['w-a:2'] }, { 'if-match': '"another.1.1"' })
    const outcomes = await Promise.all(
      ['1', '2', '1', '2'].map((tag) =>
        ask('PUT', '/channels/w-cur', { set: [`w-a:${tag}`, `w-b:${tag}`], keep: true, to: { tag: 'w-new' } }, { 'if-match': etag })
      )
    )

    t.match(stale, { status: 412, body: { code: 'precondition_failed' } })
    t.equal(outcomes.filter(({ status }) => status === 200).length, 1)
    for (const { status, body } of outcomes) if (status !== 200) t.match(body.detail, /by another client|was expected/)
    const now = (await ask('GET', '/channels/w-cur')).body
    const winner = outcomes.find(({ status }) => status === 200)!.body.channel
    t.strictSame(now.set, winner.set)
    for (const member of now.set) t.match((await view(member.id)).body.images.amd64.url, member.images.amd64.url)
    t.match(await ask('PUT', '/channels/w-cur', { set: ['w-a:1'] }, { 'if-none-match': '*' }), { status: 412 })
  })

  t.test(`${name}: a channel is removed with its tags, and comes back with its history`, async (t) => {
    const { ask, put, view } = await site(t)
    await put('d-a:1')
    await ask('PUT', '/channels/d-cur', { set: ['d-a:1'] })

    const removed = await ask('DELETE', '/channels/d-cur')

    t.match(removed, { status: 200, body: { removed: ['d-a:d-cur'], channel: { removed: true, number: 2 } } })
    t.equal((await view('d-a:d-cur')).status, 404)
    t.equal((await ask('GET', '/channels/d-cur')).status, 404)
    t.match((await ask('POST', '/channels/d-cur/rollback', { to: 1 })).body, {
      channel: { number: 3, removed: false },
      written: ['d-a:d-cur']
    })
    t.equal((await view('d-a:d-cur')).status, 200)
  })

  t.test(`${name}: the Containerfiles that builds brought are there by digest, for each promotion`, async (t) => {
    const { app, ask, put } = await site(t)
    const built = (id: string, payload: object, query = '') =>
      ask('PUT', `/containers/${encodeURIComponent(id)}/builds/amd64${query}`, { status: 'succeeded', ...payload })
    const text = '# Ä\nFROM scratch\r\n'
    const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`
    for (const id of ['g-a:1', 'g-b:1', 'g-a:2']) await put(id)
    const report = await built('g-a:1', { containerfile: text, source: { commit: 'c' } })
    await built('g-b:1', { source: { commit: 'c' } })
    const dry = await built('g-a:2', { containerfile: 'FROM dry' }, '?dryRun=true')
    await ask('PUT', '/channels/g-cur', { set: ['g-a:1', 'g-b:1'], reason: 'one' })
    await ask('PUT', '/channels/g-cur', { set: ['g-a:2'], reason: 'two' })

    const first = await ask('GET', '/channels/g-cur/containerfiles?number=1')
    const last = await ask('GET', '/channels/g-cur/containerfiles')
    const file = await app.inject(`/api/v1/containerfiles/${digest}`)

    t.match(report, { status: 201, body: { source: { commit: 'c', containerfile: digest } } })
    t.notOk('containerfile' in report.body)
    t.match(first, {
      status: 200,
      body: {
        promotion: { channel: 'g-cur', number: 1, reason: 'one', images: 2 },
        items: [{ id: 'g-a:g-cur', repository: 'g-a', files: { Containerfile: digest } }],
        left_out: [{ id: 'g-b:g-cur', reason: 'amd64: its build named no Containerfile' }]
      }
    })
    t.match(last.body, { promotion: { number: 2 }, items: [], left_out: [{ reason: /^amd64: no build was reported/ }] })
    t.match(file, { statusCode: 200, body: text, headers: { etag: `"${digest}"`, 'cache-control': /immutable/ } })
    const { containerfile } = dry.body.source
    t.match(await ask('GET', `/containerfiles/${containerfile}`), { status: 404, body: { code: 'containerfile_unknown' } })
    t.match(await ask('GET', '/channels/g-cur/containerfiles?number=9'), { status: 404, body: { code: 'promotion_unknown' } })
    t.match(await built('g-a:1', { containerfile: text, source: { containerfile: 'x' } }), {
      status: 400,
      body: { code: 'parameter_invalid', detail: /source.containerfile is "x", but/ }
    })
    t.match(await ask('PUT', '/containers/g-a%3A1/tests/amd64', { status: 'succeeded', containerfile: text }), { status: 400 })
    t.equal((await built('g-a:1', { containerfile: `#${'ä'.repeat(65_000)}` })).status, 200, 'as large as it may be')
  })

  t.test(`${name}: what fails in the middle is taken back`, async (t) => {
    const { stores, ask, put, view } = await site(t)
    for (const id of ['f-a:1', 'f-b:1', 'f-a:2', 'f-b:2']) await put(id)
    await ask('PUT', '/channels/f-cur', { set: ['f-a:1', 'f-b:1'] })
    const { put: really } = stores.releases
    stores.releases.put = async () => {
      stores.releases.put = really
      throw new Error('the disk is on fire')
    }

    t.equal((await ask('PUT', '/channels/f-cur', { set: ['f-a:2', 'f-b:2'] })).status, 500)

    t.match((await ask('GET', '/channels/f-cur')).body, { number: 1, set: [{ origin: 'f-a:1' }, { origin: 'f-b:1' }] })
    for (const id of ['f-a', 'f-b']) t.match((await view(`${id}:f-cur`)).body.images.amd64.url, `s3://b/${id}:1`)
  })
}
