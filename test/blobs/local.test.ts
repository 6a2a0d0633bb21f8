import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, readlink, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { openLocalBlobs } from '../../src/blobs/local/local-blobs.ts'
import { collect, drain, from, many, sha256, someBytes } from './bytes.ts'
import { blobStoreContract } from './contract.ts'
import { leavesNothing } from './leavings.ts'

const root = await mkdtemp(join(tmpdir(), 'leporello-blobs-'))
t.teardown(() => rm(root, { recursive: true, force: true }))

const newDirectory = () => mkdtemp(join(root, 'place-'))

blobStoreContract({
  name: 'local',
  presigns: false,
  async place() {
    const options = { directory: await newDirectory() }
    return { open: () => openLocalBlobs(options), description: { adapter: 'local', options } }
  }
})

t.test('a blob stands in the tree under its key, for any program to read', async (t) => {
  const directory = await newDirectory()
  const store = await openLocalBlobs({ directory })

  await store.put('containers/hello:1/hello.tar', from('hello'))

  const path = join(directory, 'files/containers/hello:1/hello.tar')
  t.equal(await readFile(path, 'utf8'), 'hello')
  t.match(await readlink(path), new RegExp(`^../../../data/../${sha256('hello')}-5-`))
})

t.test('the whole store can be moved', async (t) => {
  const directory = await newDirectory()
  await (await openLocalBlobs({ directory })).put('a/b', from('moved'))
  await rename(directory, `${directory}-moved`)

  const store = await openLocalBlobs({ directory: `${directory}-moved` })

  t.equal(String(await drain((await store.get('a/b'))!)), 'moved')
})

t.test('links that others put there lead nowhere', async (t) => {
  const directory = await newDirectory()
  const store = await openLocalBlobs({ directory })
  const outside = await newDirectory()
  await writeFile(join(outside, 'secret'), 'secret')
  await store.put('real', from('real'))
  const files = join(directory, 'files')
  const name = (await readlink(join(files, 'real'))).split('/').at(-1)!
  await symlink(join(outside, 'secret'), join(files, 'link'))
  await symlink(outside, join(files, 'folder'))
  await symlink(`../../../data/${name.slice(0, 2)}/${name}`, join(files, 'too-high'))

  for (const key of ['link', 'folder/secret', 'folder/new', 'too-high']) {
    t.equal(await store.get(key), undefined, key)
    t.equal(await store.remove(key), false)
  }
  await t.rejects(store.put('folder/new', from('x')), { code: 'blob_conflict', message: /^folder is a file, not a folder/ })
  await t.rejects(store.folders.make('folder/new'), { code: 'blob_conflict' })
  t.equal(await store.folders.exists('folder'), false)
  t.same(
    (await store.list({ limit: 10 })).items.map(({ key }) => key),
    ['real']
  )
  t.same(await readdir(outside), ['secret'])
  await store.put('link', from('ours'))
  t.equal(await readFile(join(outside, 'secret'), 'utf8'), 'secret', 'replacing a link leaves alone what it named')
  t.equal(String(await drain((await store.get('link'))!)), 'ours')
})

t.test('a file that somebody put there is a blob without a digest', async (t) => {
  const directory = await newDirectory()
  const store = await openLocalBlobs({ directory })
  await mkdir(join(directory, 'files/by'))
  await writeFile(join(directory, 'files/by/hand'), 'by hand')

  const got = (await store.get('by/hand', { range: { first: 3 } }))!

  t.equal(got.sha256, undefined)
  t.equal(String(await drain(got)), 'hand')
  t.match((await store.list({ limit: 10 })).items, [{ key: 'by/hand', size: 7 }])
  t.match(await store.put('by/hand', from('by us')), { created: false })
  t.match(await store.head('by/hand'), { sha256: sha256('by us') })
  t.equal(await store.remove('by/hand'), true)
  await leavesNothing(t, store)
})

t.test('bytes that were lost or cut are named, not served', async (t) => {
  const directory = await newDirectory()
  const store = await openLocalBlobs({ directory })
  for (const key of ['lost', 'cut']) await store.put(key, from(key))
  const bytesOf = async (key: string) => join(directory, 'files', await readlink(join(directory, 'files', key)))
  await rm(await bytesOf('lost'))
  await truncate(await bytesOf('cut'), 1)

  await t.rejects(store.get('lost'), { code: 'blob_damaged', message: /lost/ })
  await t.rejects(store.get('cut'), { code: 'blob_damaged', message: /cut has 1 bytes where 3 were stored/ })

  await store.put('lost', from('found'))
  t.equal(String(await drain((await store.get('lost'))!)), 'found')
})

t.test('a finish that was cut off at any point can be repeated', async (t) => {
  const directory = await newDirectory()
  const store = await openLocalBlobs({ directory })
  for (const point of ['bytes moved', 'link made']) {
    const { id } = await store.uploads.create({})
    await store.uploads.append({ id, at: 0, source: from(point) })
    const state = join(directory, 'uploads', id, 'state.json')
    const text = await readFile(state, 'utf8')
    const { sha256 } = await store.uploads.finish(id, { key: point })
    const path = join(directory, 'files', point)
    const link = await readlink(path)
    // what a kill at that point would have left
    if (point === 'bytes moved') await rm(path)
    await mkdir(dirname(state))
    await writeFile(state, text)
    await leavesNothing(t, store)

    t.match(await (await openLocalBlobs({ directory })).uploads.finish(id, { key: point, onlyIfAbsent: true }), { sha256, created: true })

    t.equal(await readlink(path), link)
    t.equal(String(await drain((await store.get(point))!)), point)
    t.equal(await store.uploads.get(id), undefined)
    await leavesNothing(t, store)
  }
})

t.test('bytes behind what an upload has kept do not count', async (t) => {
  const directory = await newDirectory()
  const { uploads, get } = await openLocalBlobs({ directory })
  const { id } = await uploads.create({})
  await uploads.append({ id, at: 0, source: from('12345') })
  await writeFile(join(directory, 'uploads', id, 'bytes'), '12345 spoilt by a power failure')

  await uploads.append({ id, at: 5, source: from('678') })

  t.match(await uploads.finish(id, { key: 'x' }), { sha256: sha256('12345678') })
  t.equal(String(await drain((await get('x'))!)), '12345678')
})

t.test('space that is reserved for others is not taken', async (t) => {
  const directory = await newDirectory()
  const store = await openLocalBlobs({ directory, reserve: Number.MAX_SAFE_INTEGER })
  let read = false
  const source = many(10, () => {
    read = true
  })

  t.equal(await store.available(), 0)
  await t.rejects(store.put('x', source), { code: 'store_full', message: /there is room for 0/ })
  await t.rejects(store.uploads.create({ size: 10 }), { code: 'store_full' })
  t.equal(read, false, 'it is checked first')
  const roomy = await openLocalBlobs({ directory })
  const tooMuch = { expected: { size: 2 ** 50 } }
  await t.rejects(roomy.put('x', from('x'), tooMuch), { code: 'store_full', message: /1125899906842624 bytes are to be stored/ })
  await t.rejects(roomy.uploads.create({ size: 2 ** 50 }), { code: 'store_full' })
  await leavesNothing(t, store)
})

t.test('when the file system takes no more in the middle of a blob, the store is full and keeps nothing of it', async (t) => {
  const directory = await newDirectory()
  const child = fileURLToPath(new URL('./child.js', import.meta.url))
  const description = JSON.stringify({ adapter: 'local', options: { directory } })

  // The kernel's own refusal, without privileges: no file beyond 20 MB.
  const run = ['-c', 'ulimit -f 20480; exec "$@"', '-', process.execPath, child, description, 'fill']
  const { stdout } = await promisify(execFile)('bash', run)

  const refusals = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter((line) => typeof line === 'object')
  t.match(refusals, [{ code: 'store_full' }, { code: 'store_full' }])
  const store = await openLocalBlobs({ directory })
  t.equal(await store.head('full'), undefined)
  const [upload] = await collect(store.uploads.list())
  t.equal((await stat(join(directory, 'uploads', upload!.id, 'bytes'))).size, upload!.offset, 'what does not count takes no room')
  await store.uploads.discard(upload!.id)
  await leavesNothing(t, store)
})

t.test('a store that does not work says what it is', async (t) => {
  const directory = await newDirectory()
  const store = await openLocalBlobs({ directory })
  await store.put('x', from(someBytes(10)))
  await rm(directory, { recursive: true })

  t.match(await store.health(), { ok: false, reason: /^the object store does not work: ENOENT/ })
  await t.rejects(store.put('y', from('y')), { code: 'store_unavailable' })
  await t.rejects(store.available(), { code: 'store_unavailable' })
  await writeFile(directory, 'a file')
  await t.rejects(openLocalBlobs({ directory: join(directory, 'below') }), { code: 'store_unavailable' })
})
