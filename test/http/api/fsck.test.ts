import { appendFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openLocalBlobs } from '../../../src/blobs/local/local-blobs.ts'
import { factsId, toFactsDocument } from '../../../src/domain/image/facts.ts'
import type { FsckFinding, FsckNote, FsckSummary } from '../../../src/schemas.ts'
import { temporaryDirectory } from '../../stores/embedded/directory.ts'
import { someFacts } from '../../support/facts.ts'
import { inChunks, sha256 as sha256OfBytes } from '../../support/images.ts'
import { sha256 } from '../../support/start-server.ts'
import { startWithTarballs, tarball } from '../../support/tarballs.ts'

const bytes = tarball()
const octets = { 'content-type': 'application/octet-stream' }
const [minute, hour, day] = [60_000, 3_600_000, 86_400_000]

/** A server whose tarballs the test can spoil, and whose clock it moves. */
async function start(t: Test, { graceMs = hour, aloneSince }: { graceMs?: number; aloneSince?: Date } = {}) {
  const directory = temporaryDirectory(t)
  const blobs = await openLocalBlobs({ directory })
  let ahead = 0
  const server = await startWithTarballs(t, { blobs, graceMs, aloneSince, now: () => new Date(Date.now() + ahead) })
  const { app } = server

  async function fsck(query = '', method: 'GET' | 'POST' = 'GET') {
    const reply = await app.inject({ method, url: `/api/v1/fsck${query}` })
    t.equal(reply.statusCode, 200, reply.body)
    const lines = reply.body
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as FsckFinding | FsckNote | FsckSummary)
    return {
      findings: lines.filter((line): line is FsckFinding => line.type === 'finding'),
      notes: lines.filter((line): line is FsckNote => line.type === 'note'),
      summary: lines.at(-1) as FsckSummary
    }
  }

  return {
    ...server,
    blobs,
    directory,
    fsck,
    repair: (kinds: string) => fsck(`?repair=${kinds}`, 'POST'),
    pass(ms: number) {
      ahead += ms
    },
    async upload(id = 'hello:1', payload = bytes): Promise<string> {
      const reply = await app.inject({ method: 'PUT', url: `/api/v1/containers/${id}/images/amd64`, headers: octets, payload })
      return reply.json().image.url.split('/storage/')[1]
    },
    register: (id: string, url: string) =>
      app.inject({ method: 'POST', url: '/container/add', query: { name: id, version: '1', digest: 'sha256:1', url } }),
    keys: async () => (await blobs.list({ limit: 100 })).items.map(({ key }) => key),
    /** The file that holds the bytes of the only blob. */
    dataFile(): string {
      const data = join(directory, 'data')
      const [folder] = readdirSync(data).filter((name) => readdirSync(join(data, name)).length > 0)
      return join(data, folder!, readdirSync(join(data, folder!))[0]!)
    }
  }
}

t.test('a registry in order is clean, and the sum says what was looked at', async (t) => {
  const server = await start(t)
  await server.upload()
  await server.register('elsewhere:1', 's3://bucket/storage/other.tar.gz')

  const { findings, notes, summary } = await server.fsck('?deep=true')

  t.strictSame([findings, notes], [[], []])
  t.strictSame(summary, {
    type: 'summary',
    clean: true,
    found: {},
    repaired: 0,
    checked: { containers: 2, objects: 1, facts: 1, tasks: 0, uploads: 0 }
  })
})

t.test('a tarball that a record names and that is not there is missing, whichever way it is named', async (t) => {
  const server = await start(t)
  const key = await server.upload()
  await server.blobs.remove(key)
  await server.register('twin:1', `dav://127.0.0.1:0/storage/${key}`)
  await server.register('by-path:1', 'http://127.0.0.1:0/storage/containers/gone.tar.gz')
  await server.register('other-host:1', 'http://registry.example.org/storage/containers/gone.tar.gz')

  const { findings, summary } = await server.fsck()

  t.equal(summary.clean, false)
  t.strictSame(
    findings.map(({ kind, container, architecture, name }) => [kind, container, architecture, name]),
    [
      ['missing', 'by-path:1', null, 'containers/gone.tar.gz'],
      ['missing', 'hello:1', 'amd64', key],
      ['missing', 'twin:1', null, key]
    ]
  )
  t.match(findings[1]!.message, `hello:1 names ${key} for amd64, which is not in the store`)
  t.equal(findings[1]!.repair, 'possible')
})

t.test('repairing what is missing makes its loss known', async (t) => {
  const server = await start(t)
  await server.blobs.remove(await server.upload())

  const { findings } = await server.repair('missing')
  await server.catalogue.verifier!.work({ atOnce: 10, signal: new AbortController().signal })

  t.match(findings, [{ kind: 'missing', repair: 'done' }])
  t.match((await server.app.inject('/api/v1/containers/hello:1/images/amd64')).json(), { status: 'gone', verdict: 'match' })
})

t.test('bytes that were cut off are seen at once, and bytes that were exchanged when they are read', async (t) => {
  const server = await start(t)
  const key = await server.upload()
  const whole = readFileSync(server.dataFile())

  truncateSync(server.dataFile(), whole.length - 1)
  const cut = await server.fsck()
  writeFileSync(server.dataFile(), Buffer.concat([whole.subarray(0, -1), Buffer.of(whole.at(-1)! ^ 1)]))
  const [shallow, deep] = [await server.fsck(), await server.fsck('?deep=true')]

  t.match(cut.findings, [{ kind: 'changed', name: key, message: /has \d+ bytes where \d+ were stored/ }])
  t.strictSame(shallow.findings, [])
  t.match(deep.findings, [
    {
      kind: 'changed',
      name: key,
      container: 'hello:1',
      architecture: 'amd64',
      message: new RegExp(`where sha256:${sha256OfBytes(whole)} were stored`)
    }
  ])
})

t.test(
  'a tarball of which only a part is left is gone for machines: once it was put down to be read, or looked at on schedule',
  async (t) => {
    const look = { olderMs: 0, limit: 10, signal: new AbortController().signal }
    for (const how of ['repaired', 'looked at'] as const) {
      const server = await start(t)
      const resolve = () => server.app.inject('/container/resolve?id=hello:1&arch=x86_64')
      await server.upload()
      truncateSync(server.dataFile(), bytes.length - 1)
      t.equal((await resolve()).statusCode, 200, 'nobody has looked yet')

      if (how === 'looked at') server.pass(minute)
      else await server.repair('changed')
      await (how === 'looked at' ? server.catalogue.sweep!(look) : server.catalogue.verifier!.work({ atOnce: 10, ...look }))

      t.match((await server.app.inject('/api/v1/containers/hello:1')).json(), { state: 'degraded', reasons: [{ code: 'gone' }] }, how)
      t.equal((await resolve()).statusCode, 409)
      await server.upload()
      t.equal((await resolve()).statusCode, 200, 'it is mended by bringing it again')
    }
  }
)

t.test('a file that was put anew by its path is not what was proven', async (t) => {
  const server = await start(t)
  await server.blobs.put('hello.tar.gz', inChunks(bytes))
  await server.register('hello:1', 'http://127.0.0.1:0/storage/hello.tar.gz')
  await server.catalogue.verifier!.work({ atOnce: 10, signal: new AbortController().signal })
  await server.blobs.put('hello.tar.gz', inChunks(tarball({ architecture: 'arm64' })))

  const { findings } = await server.repair('changed')
  await server.catalogue.verifier!.work({ atOnce: 10, signal: new AbortController().signal })

  t.match(findings, [{ kind: 'changed', name: 'hello.tar.gz', repair: 'done' }])
  t.strictSame((await server.fsck()).findings, [], 'what is known is about the bytes that are there')
})

t.test(
  'what no record names is an orphan of an upload, or a file of somebody; it is removed when asked, and after the grace',
  async (t) => {
    const server = await start(t)
    const key = await server.upload()
    await server.stores.containers.remove('hello:1') // past us, so that nothing is put down
    await server.blobs.put('mine/notes.tar', inChunks(bytes))

    const young = await server.fsck()
    server.pass(30 * minute)
    const within = await server.repair('orphaned,unnamed')
    const kept = await server.keys()
    server.pass(hour)
    const ripe = await server.fsck()
    const orphaned = await server.repair('orphaned')

    t.match(young.notes, [{ message: /2 objects that no container names yet came within 15 min/ }])
    t.strictSame(
      young.findings.map(({ kind }) => kind),
      []
    )
    t.strictSame(
      within.findings.filter(({ name }) => name === key || name.startsWith('mine/')).map(({ kind, repair }) => [kind, repair]),
      [
        ['orphaned', 'later'],
        ['unnamed', 'later']
      ]
    )
    t.strictSame(kept, [key, 'mine/notes.tar'])
    t.match(
      ripe.findings.find(({ kind }) => kind === 'orphaned'),
      { repair: 'possible', message: /no container names .* it was uploaded for one/ }
    )
    t.match(
      orphaned.findings.find(({ kind }) => kind === 'orphaned'),
      { repair: 'done' }
    )
    t.strictSame(await server.keys(), ['mine/notes.tar'], 'what somebody put there stays until that is asked for')
    await server.repair('unnamed')
    t.strictSame(await server.keys(), [])
  }
)

t.test('a tarball whose removal is under way, and one that waits to be published, are nothing wrong', async (t) => {
  const server = await start(t, { graceMs: 10 * day })
  const key = await server.upload()
  await server.app.inject('/container/remove?id=hello:1')
  const waiting = `containers/other/${'a'.repeat(12)}/other.tar`
  await server.blobs.put(waiting, inChunks(bytes))
  await server.stores.buildStatuses.put('x', JSON.stringify({ id: 'x', pending: { arm64: { url: `http://h/storage/${waiting}` } } }))
  server.pass(day)

  const { findings, notes } = await server.fsck()

  t.strictSame(
    findings.filter(({ kind }) => kind === 'orphaned'),
    []
  )
  t.match(notes, [{ name: key, message: /is named by no container any more, and is removed after/ }])
})

t.test('facts and tasks about nothing are told, and removed when asked', async (t) => {
  const server = await start(t)
  const facts = someFacts({ container: 'removed:1', imageKey: 'amd64', checked: '2025-01-01T00:00:00.000Z' })
  const id = factsId(facts, sha256)
  await server.stores.facts.put(id, toFactsDocument(facts, id))
  await server.stores.tasks.put('broken', JSON.stringify({ id: 'broken', kind: 'unheard of' }))
  await server.stores.tasks.put(
    'old',
    JSON.stringify({ id: 'old', kind: 'verify', container: 'removed:1', slot: '', due: '2025-01-01', attempts: 0, key: null })
  )

  const dry = await server.fsck()
  const repaired = await server.repair('facts-about-nothing,tasks-about-nothing')

  t.match(dry.findings, [
    { kind: 'facts-about-nothing', message: 'facts about the image of removed:1 for amd64, which is not there', repair: 'possible' },
    { kind: 'tasks-about-nothing', message: 'task broken cannot be understood' },
    { kind: 'tasks-about-nothing', message: 'a task to read the image of removed:1, which no record names' }
  ])
  t.match(repaired.summary, { clean: true, repaired: 3, found: { 'facts-about-nothing': 1, 'tasks-about-nothing': 2 } })
  t.strictSame((await server.fsck()).findings, [])
})

t.test('what a killed put left is told with its age, and removed only when it is old', async (t) => {
  const server = await start(t)
  const file = join(server.directory, 'incoming', 'a'.repeat(32))
  appendFileSync(file, 'half')

  const fresh = await server.fsck()
  server.pass(2 * hour)
  const left = await server.repair('half-uploaded')
  server.pass(day)
  const removed = await server.repair('half-uploaded')

  t.match(fresh.notes, [{ message: /incoming\/a+ came \d+ s ago: a blob that was never finished, or being written just now/ }])
  t.match(left.findings, [{ kind: 'half-uploaded', size: 4, repair: 'later', message: /never finished, 4 bytes, 2 h old/ }])
  t.match(removed.findings, [{ kind: 'half-uploaded', repair: 'done' }])
  t.equal((await server.fsck()).summary.clean, true)
})

t.test('the upkeep removes by itself what a repair would, and no sooner', async (t) => {
  const server = await start(t)
  const sweep = () => server.catalogue.upkeep!.sweep(new AbortController().signal)
  for (const name of ['a', 'b']) appendFileSync(join(server.directory, 'incoming', name.repeat(32)), 'half')

  server.pass(2 * hour)
  t.equal(await sweep(), 0)
  server.pass(day)
  t.equal(await sweep(), 2)

  t.match((await server.fsck()).summary, { clean: true, found: {} })
})

t.test('where no other process writes, what was begun before the start is removed at once', async (t) => {
  const server = await start(t, { aloneSince: new Date(Date.now() + hour) })
  appendFileSync(join(server.directory, 'incoming', 'a'.repeat(32)), 'half')

  const removed = await server.catalogue.upkeep!.sweep(new AbortController().signal)

  t.equal(removed, 1)
})

t.test('what a store with a clock ahead of ours says of a put that was killed is told all the same', async (t) => {
  const server = await start(t)
  appendFileSync(join(server.directory, 'incoming', 'a'.repeat(32)), 'half')

  server.pass(-5000)

  t.match((await server.fsck()).notes, [{ message: /incoming\/a+ came 0 s ago: a blob that was never finished/ }])
})

t.test('an upload in pieces can go on until it has expired, and is given up then when asked', async (t) => {
  const server = await start(t)
  const { id } = await server.blobs.uploads.create({ size: 10 })
  await server.blobs.uploads.append({ id, at: 0, source: inChunks(Buffer.from('abc')) })

  const live = await server.fsck()
  server.pass(2 * day)
  const dead = await server.repair('half-uploaded')

  t.match(live.notes, [{ name: id, message: /3 of 10 bytes, the last \d+ s ago; it can go on for another 23 h/ }])
  t.equal(live.summary.clean, true)
  t.match(dead.findings, [{ kind: 'half-uploaded', name: id, repair: 'done' }])
  t.equal(await server.blobs.uploads.get(id), undefined)
})

t.test('a store of more objects than are held at once is walked in stretches, and nothing is told twice or not at all', async (t) => {
  const server = await start(t)
  // in the order of bytes and not of UTF-16, where the last two would change places
  const names = ['a', 'a-b', 'a/b', 'b', 'z', '\uffe0', '\u{1f600}']
  const [there, gone] = [names.map((name) => `x/${name}.tar`), names.map((name) => `x/${name}!.tar`)]
  for (const key of [...there, 'y/nobody.tar']) await server.blobs.put(key, inChunks(Buffer.from(key)))
  for (const [i, key] of [...there, ...gone].entries()) {
    await server.register(`c${i}:1`, `http://127.0.0.1:0/storage/${key.split('/').map(encodeURIComponent).join('/')}`)
  }
  server.pass(2 * hour)

  for (const stretchSize of [1, 2, 3, 100]) {
    const found: string[] = []
    const options = { deep: false, repair: new Set<never>(), publicUrl: undefined, signal: new AbortController().signal, stretchSize }
    for await (const line of server.catalogue.upkeep!.fsck(options)) if (line.type === 'finding') found.push(`${line.kind} ${line.name}`)
    t.strictSame(found.sort(), [...gone.map((key) => `missing ${key}`), 'unnamed y/nobody.tar'].sort(), `${stretchSize} at once`)
  }
})

t.test('nobody loses a tarball while everybody uploads', async (t) => {
  const server = await start(t, { graceMs: 0 })
  let done = false
  const repairs = (async () => {
    while (!done) await server.repair('missing,changed,orphaned,unnamed,half-uploaded,facts-about-nothing,tasks-about-nothing')
  })()
  const ids = Array.from({ length: 12 }, (_, i) => `c${i}:1`)
  await Promise.all(ids.map((id, i) => server.upload(id, tarball({ config: { Env: [`I=${i}`] } }))))
  done = true
  await repairs

  t.equal((await server.keys()).length, ids.length)
  const { findings } = await server.fsck('?deep=true')
  t.strictSame(findings, [])
  for (const id of ids) t.match((await server.app.inject(`/api/v1/containers/${id}/images/amd64`)).json(), { verdict: 'match' })
})

t.test('a kind that is none is refused, and none at all, and so is a repair where nobody may write', async (t) => {
  const server = await startWithTarballs(t, { policy: 'read-only' })

  t.match((await server.app.inject('/api/v1/fsck?deep=maybe')).json(), { status: 400 })
  t.match((await server.app.inject('/api/v1/fsck?repair=orphaned')).json(), { status: 400, errors: [{ path: 'repair' }] })
  t.match((await server.app.inject({ method: 'POST', url: '/api/v1/fsck?repair=orphaned' })).json(), { status: 403 })
  const open = await startWithTarballs(t)
  t.match((await open.app.inject({ method: 'POST', url: '/api/v1/fsck' })).json(), { status: 400, code: 'parameter_missing' })
  t.match((await open.app.inject({ method: 'POST', url: '/api/v1/fsck?repair=all' })).json(), {
    status: 400,
    detail: /"all"; expected some of missing,/
  })
})
