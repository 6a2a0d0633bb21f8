import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { embeddedStores } from '../../../src/stores/embedded/embedded-stores.ts'
import { temporaryDirectory } from '../../stores/embedded/directory.ts'
import { command } from '../in-process.ts'
import { both, serve } from '../served.ts'

const copy = async (t: Test, args: string[]) => {
  const ended = await command(t, { args: ['copy', '--json', ...args] })
  return { ...ended, value: JSON.parse(ended.stdout) }
}

/** What no program writes the same way twice: key order, spacing, digits, null, a record past us. */
const odd = {
  containers: {
    'hello:1': '{"url": null,  "id": "hello:1", "x": 1.0, "urls": "{\\"amd64\\": \\"s3://a\\"}"}',
    'a/b ü:1': '{"id": "a/b ü:1"}'
  },
  jobSpecs: { 'job-hello:1': '{"id": "job-hello:1", "time_limit": null, "big": 12345678901234567, "1": 1e2}' },
  hysdsIos: { 'hysds-io-hello:1': '{"id": "hysds-io-hello:1", "params": []}' },
  facts: { f: '{"id": "f", "container": "hello:1"}' }
}

async function filled(t: Test, documents: Record<string, Record<string, string>>): Promise<string> {
  const data = temporaryDirectory(t)
  await withStores(data, async (stores) => {
    for (const [collection, all] of Object.entries(documents)) {
      for (const [id, document] of Object.entries(all)) await stores[collection as 'facts'].put(id, document)
    }
  })
  return data
}

async function withStores<T>(data: string, use: (stores: Awaited<ReturnType<typeof embeddedStores>>) => Promise<T>): Promise<T> {
  const stores = await embeddedStores({ data, patienceMs: 60_000 })
  try {
    await stores.migrate()
    return await use(stores)
  } finally {
    await stores.close()
  }
}

const documentsOf = (data: string) =>
  withStores(data, async (stores) => {
    const all: Record<string, Record<string, string>> = {}
    for (const collection of Object.keys(odd) as (keyof typeof odd)[]) {
      const { items } = await stores[collection].list({ limit: 100 })
      all[collection] = Object.fromEntries(items.map(({ id, document }) => [id, document]))
    }
    return all
  })

t.test('copy carries every document over byte for byte, and a second time there is nothing to do', async (t) => {
  const from = await filled(t, odd)
  const to = join(temporaryDirectory(t), 'new')

  const dry = await copy(t, ['--from', from, '--to', to, '--dry-run'])
  const untouched = !existsSync(to)
  const first = await copy(t, ['--from', from, '--to', to])
  const second = await copy(t, ['--from', from, '--to', to])
  const words = await command(t, { args: ['copy', '--from', from, '--to', to] })

  t.match(dry, { status: 0, value: { dryRun: true, counts: { containers: { created: 2 }, jobSpecs: { created: 1 } }, verified: null } })
  t.ok(untouched, 'a dry run makes nothing')
  t.match(first, {
    status: 0,
    value: { whole: true, counts: { containers: { created: 2, same: 0 } }, verified: { containers: { same: 2 } } }
  })
  t.match(second, { status: 0, value: { counts: { containers: { created: 0, same: 2 }, facts: { same: 1 } } } })
  t.match(words, { status: 0, stdout: /^containers +0 copied, 2 there already\n[\s\S]*Verified: .* byte for byte\.\n$/ })
  t.strictSame(await documentsOf(to), odd)
  const entries = await withStores(to, (stores) => stores.journal.list({ limit: 10 }))
  t.match(
    entries.items.map(({ document }) => JSON.parse(document)),
    [
      { kind: 'record', what: 'copied', by: { reason: `copied from ${from}` } },
      { kind: 'record', what: 'copied' }
    ]
  )
})

t.test('copy leaves what was changed there, brings its own copies up to date, and replaces all when asked', async (t) => {
  const from = await filled(t, odd)
  const to = await filled(t, {})
  await copy(t, ['--from', from, '--to', to])
  const newer = '{"id": "hello:1", "url": "s3://newer"}'
  const changed = '{"id": "a/b ü:1", "url": "s3://changed-at-the-source"}'
  await withStores(to, (stores) => stores.containers.put('hello:1', newer))
  await withStores(from, (stores) => stores.containers.put('a/b ü:1', changed))

  const again = await copy(t, ['--from', from, '--to', to])
  const words = await command(t, { args: ['copy', '--from', from, '--to', to] })
  const after = await documentsOf(to)
  const forced = await copy(t, ['--from', from, '--to', to, '--overwrite'])

  t.match(again, {
    status: 1,
    value: { whole: false, counts: { containers: { updated: 1, kept: 1 } }, left: [{ collection: 'containers', id: 'hello:1' }] }
  })
  t.match(words, {
    status: 1,
    stdout: /1 differs and was left/,
    stderr: /containers hello:1: the target has another document[\s\S]*--overwrite/
  })
  t.equal(after['containers']!['hello:1'], newer)
  t.equal(after['containers']!['a/b ü:1'], changed)
  t.match(forced, { status: 0, value: { whole: true, counts: { containers: { updated: 1, same: 1 } } } })
  t.equal((await documentsOf(to))['containers']!['hello:1'], odd.containers['hello:1'])
})

t.test('copy reads a Mozart over HTTP: containers, job specs and hysds-ios', async (t) => {
  const { url, add } = await serve(t)
  const to = join(temporaryDirectory(t), 'data')
  for (let i = 0; i < 20; i++) await add({ name: `hello:${i}`, url: 's3://images/hello.tar.gz', urls: both })
  for (const [path, spec] of [
    ['job_spec', odd.jobSpecs['job-hello:1']],
    ['hysds_io', odd.hysdsIos['hysds-io-hello:1']]
  ] as const) {
    await fetch(`${url}/api/v0.1/${path}/add`, { method: 'POST', body: new URLSearchParams({ spec }) })
  }

  const first = await copy(t, ['--from', `${url}/api/v0.1`, '--to', to])
  const second = await copy(t, ['--from', url, '--to', to])

  const one = { created: 1 }
  t.match(first, { status: 0, value: { whole: true, counts: { containers: { created: 20 }, jobSpecs: one, hysdsIos: one } } })
  t.match(second, { status: 0, value: { whole: true, counts: { containers: { same: 20 } } } })
  const here = await (await fetch(`${url}/containers/_doc/hello:7`)).json()
  const there = await withStores(to, async (stores) => JSON.parse((await stores.containers.get('hello:7'))!.document))
  t.strictSame(there, here._source)
  t.match((await documentsOf(to))['jobSpecs'], { 'job-hello:1': /12345678901234567/ })
})

t.test('copy says what is wrong with its places', async (t) => {
  const from = await filled(t, {})
  const cases: [string[], number, RegExp][] = [
    [['--from', from], 64, /expected --to/],
    [['--from', from, '--to', from], 64, /the same place/],
    [['--from', join(from, 'none'), '--to', from], 64, /no leporello\.db/],
    [['--from', from, '--to', 'http://ops:swordfish@127.0.0.1:1'], 69, /http:\/\/\*\*\*@127\.0\.0\.1:1 cannot be reached/]
  ]
  for (const [args, status, words] of cases) {
    const ended = await command(t, { args: ['copy', ...args] })

    t.equal(ended.status, status)
    t.match(ended.stderr, words)
  }
})
