import { appendFile, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { copiedCollections } from '../../../src/catalogue/containers/copying.ts'
import { temporaryDirectory } from '../../stores/embedded/directory.ts'
import { startMixedLoad } from '../../support/mixed-load.ts'
import { digestOfBytes, ociPusher, overHttp } from '../../support/oci.ts'
import { eventually } from '../../support/processes.ts'
import { openStores } from '../../support/start-server.ts'
import { tarball } from '../../support/tarballs.ts'
import { command } from '../in-process.ts'
import { serve } from '../served.ts'

interface Site {
  data: string
  folder: string
  run(args: string[], data?: string): ReturnType<typeof command>
  json(args: string[], data?: string): Promise<{ status: number | null; value: any; stderr: string }>
}

/** A data directory, and a folder for its backup. */
function site(t: Test): Site {
  const [data, folder] = [temporaryDirectory(t), join(temporaryDirectory(t), 'backup')]
  const run: Site['run'] = (args, of = data) => command(t, { args, environment: { LEPORELLO_DATA: of } })
  return {
    ...{ data, folder, run },
    async json(args, of) {
      const { status, stdout, stderr } = await run([...args, '--json'], of)
      return { status, stderr, value: JSON.parse(stdout) }
    }
  }
}

async function push(url: string, id: string): Promise<void> {
  const body = new Uint8Array(tarball({ tags: [id] }))
  const headers = { 'content-type': 'application/octet-stream' }
  const reply = await fetch(`${url}/api/v1/containers/${encodeURIComponent(id)}/images/amd64`, { method: 'PUT', body, headers })
  if (reply.status !== 201) throw new Error(await reply.text())
}

/** A site whose backup has two containers, each with its tarball. */
async function backedUp(t: Test): Promise<Site> {
  const it = site(t)
  const server = await serve(t, { LEPORELLO_DATA: it.data })
  for (const id of ['hello:1', 'world:1']) await push(server.url, id)
  await server.close()
  t.match(await it.json(['backup', it.folder]), { status: 0 })
  return it
}

/** The one folder of documents in a backup. */
const documentsIn = async (folder: string) => join(folder, (await readdir(folder)).find((name) => name.startsWith('documents-'))!)

async function contentFiles(folder: string): Promise<string[]> {
  const data = join(folder, 'tarballs', 'data')
  const found = await readdir(data, { recursive: true, withFileTypes: true })
  return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

t.test(
  'a backup that is made while everything is written, and restored after everything was lost, has what was acknowledged',
  async (t) => {
    const { data, folder, run, json } = site(t)
    const server = await serve(t, { LEPORELLO_DATA: data, LEPORELLO_DELETE_GRACE: '0' })
    const load = startMixedLoad({ urls: [server.url], name: 'load', writers: 4, seed: 1, deadlineMs: 600_000 })
    await eventually(async () => load.count() >= 40 || undefined, { what: 'writes are acknowledged', everyMs: 5 })

    const mark = load.mark()
    const saved = await json(['backup', folder])
    await load.stop()
    await server.close()
    await rm(data, { recursive: true })
    const restored = await run(['restore', folder])
    const again = await serve(t, { LEPORELLO_DATA: data })
    const fsck = await command(t, { args: ['fsck', '--deep', '--url', again.url] })

    t.match(saved, { status: 0, value: { absent: [], unreadable: [] } })
    t.match(restored, { status: 0, stdout: /^Restored: everything that the backup of \S+ has is here, byte for byte\.$/m })
    t.strictSame(load.broken, [])
    t.strictSame(await load.wrong(again.url, mark), [])
    t.notMatch(fsck.stdout, /^(missing|changed)/m)
  }
)

t.test('the next backup reads only what is new, and drops what is gone', async (t) => {
  const { data, folder, run, json } = await backedUp(t)
  const before = await contentFiles(folder)
  const server = await serve(t, { LEPORELLO_DATA: data, LEPORELLO_DELETE_GRACE: '0' })
  await push(server.url, 'third:1')
  const put = await fetch(`${server.url}/storage/by-path.tar`, { method: 'PUT', body: 'by path' })
  await fetch(`${server.url}/api/v1/containers/world%3A1`, { method: 'DELETE' })
  // the history may not have it yet
  const key = await eventually(() => storedKey(server.url), { what: 'its tarball is known' })
  await eventually(async () => ((await fetch(`${server.url}/storage/${key}`)).ok ? undefined : true), { what: 'it is removed' })

  const second = await json(['backup', folder])
  const third = await json(['backup', folder])
  const words = await run(['backup', folder])

  t.equal(put.status, 201)
  t.match(second, { status: 0, value: { counts: { copied: 2, there: 1 }, index: { files: { tarballs: { lines: 3 } } } } })
  t.match(third, { status: 0, value: { counts: { copied: 0, bytes: 0, there: 3 } } })
  t.match(words, { status: 0, stdout: /^containers {2}2, .*\ntarballs {4}0 copied \(0 B\), 3 there already, 3 in all, .*\nSaved to/ })
  t.equal(before.length, 2)
  t.equal((await contentFiles(folder)).length, 3)
  t.equal((await readdir(folder)).filter((name) => name.startsWith('documents-')).length, 1)
})

/** The key of a tarball that is removed with its container. */
async function storedKey(url: string): Promise<string | undefined> {
  const { items } = (await (await fetch(`${url}/api/v1/containers/world%3A1/history`)).json()) as { items: object[] }
  return /\/storage\/(containers\/world[^"\\]+)/.exec(JSON.stringify(items))?.[1]
}

t.test('a backup that was cut off or altered is refused in words, before anything is written', async (t) => {
  const cases: [what: string, harm: (folder: string) => Promise<unknown>, words: RegExp][] = [
    [
      'a file of documents cut off',
      async (folder) => truncate(join(await documentsIn(folder), 'facts.jsonl.gz'), 30),
      /facts\.jsonl\.gz has 30 bytes where \d+ were written/
    ],
    [
      'a file of documents altered',
      async (folder) => flip(join(await documentsIn(folder), 'containers.jsonl.gz')),
      /containers\.jsonl\.gz was altered: its SHA-256 is/
    ],
    [
      'a file of documents lost',
      async (folder) => rm(join(await documentsIn(folder), 'journal.jsonl.gz')),
      /journal\.jsonl\.gz is missing/
    ],
    [
      'a tarball cut off',
      async (folder) => truncate((await contentFiles(folder))[0]!, 10),
      /the tarball containers\/\S+ .* does not have the bytes|has 10 bytes where/
    ],
    [
      'a tarball altered',
      async (folder) => flip((await contentFiles(folder))[0]!),
      /the tarball containers\/\S+ .* does not have the bytes that were saved/
    ],
    [
      'a tarball lost',
      async (folder) => rm(join(folder, 'tarballs', 'files'), { recursive: true }),
      /the tarball containers\/\S+ .* is missing/
    ],
    [
      'its index altered',
      async (folder) => edit(join(folder, 'backup.json'), (text) => text.replace('"lines": 2', '"lines": 3')),
      /backup\.json was altered/
    ],
    ['its index cut off', async (folder) => truncate(join(folder, 'backup.json'), 100), /backup\.json is not JSON/],
    [
      'its index newer',
      async (folder) => edit(join(folder, 'backup.json'), (text) => text.replace('"format": 1', '"format": 9')),
      /has format 9, and this program knows formats up to 1/
    ],
    ['never finished', async (folder) => rm(join(folder, 'backup.json')), /holds no finished backup: it has no backup\.json/]
  ]
  for (const [what, harm, words] of cases) {
    await t.test(what, async (t) => {
      const { folder, run } = await backedUp(t)
      const empty = join(temporaryDirectory(t), 'new')
      await harm(folder)

      const dry = await run(['restore', folder, '--dry-run'], empty)
      const { status, stderr } = await run(['restore', folder], empty)

      t.equal(status, 1)
      t.match(stderr, words)
      t.match(dry, { status: 1, stderr: words })
      const server = await serve(t, { LEPORELLO_DATA: empty })
      const { items } = (await (await fetch(`${server.url}/api/v1/containers`)).json()) as { items: unknown[] }
      t.strictSame(items, [], 'no document is there')
    })
  }
})

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path)
  bytes[bytes.length >> 1]! ^= 1
  await writeFile(path, bytes)
}

const edit = async (path: string, change: (text: string) => string) => writeFile(path, change(await readFile(path, 'utf8')))

t.test('a place that is not empty is refused, unless it is told to be overwritten', async (t) => {
  const { data, folder, run, json } = await backedUp(t)
  const server = await serve(t, { LEPORELLO_DATA: data })
  await fetch(`${server.url}/api/v1/containers/hello%3A1`, {
    method: 'PATCH',
    body: '{"version": "2"}',
    headers: { 'content-type': 'application/json' }
  })
  const busy = await run(['restore', folder])
  await server.close()

  const refused = await run(['restore', folder])
  const checked = await run(['restore', folder, '--dry-run'])
  const forced = await json(['restore', folder, '--overwrite'])

  t.match(busy, { status: 1, stderr: /is in use by process/ })
  t.match(refused, {
    status: 1,
    stderr: /is not empty: it has containers such as hello:1, .* tarballs such as .*; expected an empty one, or --overwrite/
  })
  t.match(checked, { status: 0, stdout: /is whole: 2 containers, 2 tarballs, .*; every byte was read/ })
  t.match(forced, {
    status: 0,
    value: { whole: true, documents: { containers: { updated: 1, same: 1 } }, tarballs: { copied: 0, there: 2 } }
  })
})

t.test('a restore that was interrupted goes on', async (t) => {
  const { folder, run, json } = await backedUp(t)
  const place = join(temporaryDirectory(t), 'new')
  const [first] = await contentFiles(folder)
  const whole = await readFile(first!)
  await flip(first!)
  const broken = await run(['restore', folder], place)
  await writeFile(first!, whole)

  const { status, value } = await json(['restore', folder], place)
  const repeated = await run(['restore', folder], place)

  t.equal(broken.status, 1)
  t.match({ status, value }, { status: 0, value: { whole: true } })
  t.match(repeated, { status: 1, stderr: /is not empty/ })
})

t.test(
  'what documents name and the store does not have is told; damaged tarballs make it fail, and are saved from an earlier backup',
  async (t) => {
    const { data, folder, json } = await backedUp(t)
    const server = await serve(t, { LEPORELLO_DATA: data })
    await push(server.url, 'fresh:1')
    await server.add({ name: 'elsewhere:1', url: 'http://other.example/storage/elsewhere.tar' })
    await server.close()
    const stored = await readdir(join(data, 'objects', 'data'), { recursive: true, withFileTypes: true })
    for (const entry of stored.filter((one) => one.isFile())) await flip(join(entry.parentPath, entry.name))

    const { status, value, stderr } = await json(['backup', folder])

    t.equal(status, 1)
    t.strictSame(value.absent, ['elsewhere.tar'])
    t.match(value.unreadable, [{ key: /^containers\/fresh-1\//, why: /expected sha256:/ }])
    t.match(
      stderr,
      /could not be saved.*\n.*documents name one tarball that this blob store does not have, on another host or lost: elsewhere\.tar/
    )
    t.match(value, { counts: { copied: 0, there: 2 } })
  }
)

t.test('every collection is in a backup, but those that are made anew', async (t) => {
  const stores = await openStores(t)
  const anew = ['tasks', 'summaries', 'demand', 'leases']

  const collections = Object.entries(stores).flatMap(([name, value]) => (typeof value === 'object' ? [name] : []))

  t.strictSame(
    collections.filter((name) => !anew.includes(name)),
    collections.filter((name) => (copiedCollections as readonly string[]).includes(name))
  )
})

t.test('a wrong use is told', async (t) => {
  const { folder, run } = site(t)

  t.match(await run(['backup']), { status: 64, stderr: /expected the folder of the backup/ })
  t.match(await run(['backup', folder]), { status: 1, stderr: /leporello\.db does not exist; expected the data directory of a server/ })
  t.match(await run(['restore', folder]), { status: 1, stderr: /holds no finished backup/ })
  t.match(await run(['restore']), { status: 64, stderr: /expected the id of a container and a revision, or the folder of a backup/ })
  await appendFile(`${folder}.txt`, '')
  t.match(await run(['backup', `${folder}.txt`]), { status: 1, stderr: /EEXIST|not a directory/ })
})

t.test('what was pushed by registry clients is in a backup, and is pulled after it was restored', async (t) => {
  const { data, folder, run, json } = site(t)
  const server = await serve(t, { LEPORELLO_DATA: data })
  const { manifest, reply } = await ociPusher(overHttp(server.url)).image('hello', 'v1')
  t.equal(reply.statusCode, 201, reply.body)
  await server.close()

  t.match(await json(['backup', folder]), { status: 0, value: { absent: [], unreadable: [] } })
  await rm(data, { recursive: true })
  t.match(await run(['restore', folder]), { status: 0 })

  const again = await serve(t, { LEPORELLO_DATA: data })
  const { send } = ociPusher(overHttp(again.url))
  t.ok((await send('GET', `hello/manifests/${digestOfBytes(manifest)}`)).rawPayload.equals(manifest))
  for (const { digest } of JSON.parse(manifest.toString()).layers) {
    t.equal(digestOfBytes((await send('GET', `hello/blobs/${digest}`)).rawPayload), digest)
  }
  const fsck = await command(t, { args: ['fsck', '--deep', '--url', again.url] })
  t.notMatch(fsck.stdout, /^(missing|changed|orphaned)/m)
})
