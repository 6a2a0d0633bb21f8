import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { sourcesFor, textOf } from './sites.ts'

/** A root with a tarball in it, and a secret beside it. */
function startFolder(t: Test) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'leporello-sources-')))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const root = join(folder, 'images')
  mkdirSync(join(root, 'hello'), { recursive: true })
  writeFileSync(join(root, 'hello/v1.tar'), '0123456789')
  writeFileSync(join(folder, 'secret'), 'secret')
  return { folder, root, sources: sourcesFor({ roots: [root] }) }
}

const openFiles = () =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)]
    } catch {
      return []
    }
  })

t.test('a file under a root comes by its path and as file:', async (t) => {
  const { root, sources } = startFolder(t)
  const path = join(root, 'hello/v1.tar')

  const { stream, ...info } = await sources.open(`file://${path}`)

  t.equal(await textOf(stream), '0123456789')
  t.match(info, { size: 10, via: path, etag: /^".*"$/, modified: /Z$/ })
  t.strictSame(await sources.probe(path), info)
})

t.test('an empty file is a stream without bytes', async (t) => {
  const { root, sources } = startFolder(t)
  writeFileSync(join(root, 'empty.tar'), '')

  const { stream, size } = await sources.open(join(root, 'empty.tar'))

  t.equal(size, 0)
  t.equal(await textOf(stream), '')
})

t.test('what is not under a root is refused, there or not, however the path is written', async (t) => {
  const { folder, root, sources } = startFolder(t)
  const paths = [
    join(folder, 'secret'),
    join(folder, 'nothing'),
    `${root}/../secret`,
    `${root}/hello/../../secret`,
    `${root}-other/x`,
    `file://${root}/../secret`
  ]

  for (const path of [...paths, '/etc/passwd', '/proc/self/environ', '/']) {
    await t.rejects(sources.open(path), { code: 'source_forbidden', message: /LEPORELLO_VERIFY_ROOTS/ }, path)
    await t.rejects(sources.probe(path), { code: 'source_forbidden' }, path)
  }
})

t.test('links are followed within the roots, and not out of them', async (t) => {
  const { folder, root, sources } = startFolder(t)
  symlinkSync('hello/v1.tar', join(root, 'latest.tar'))
  symlinkSync('../secret', join(root, 'out.tar'))
  symlinkSync(folder, join(root, 'above'))
  symlinkSync('loop', join(root, 'loop'))
  symlinkSync('/proc/self/environ', join(root, 'environment'))

  t.equal(await textOf((await sources.open(join(root, 'latest.tar'))).stream), '0123456789')
  await t.rejects(sources.open(join(root, 'out.tar')), { code: 'source_forbidden', message: /leads outside/ })
  await t.rejects(sources.open(join(root, 'above/secret')), { code: 'source_forbidden', message: /leads outside/ })
  await t.rejects(sources.open(join(root, 'environment')), { code: 'source_forbidden' })
  await t.rejects(sources.open(join(root, 'loop')), { code: 'source_unavailable', message: /ELOOP/ })
})

t.test('a root that is itself a link is a root', async (t) => {
  const { folder, root } = startFolder(t)
  symlinkSync(root, join(folder, 'mounted'))

  const { stream } = await sourcesFor({ roots: [`${join(folder, 'mounted')}/`] }).open(join(folder, 'mounted/hello/v1.tar'))

  t.equal(await textOf(stream), '0123456789')
})

t.test('a folder that turns into a link out of the root, again and again, gives the file inside or nothing', async (t) => {
  const { folder, root, sources } = startFolder(t)
  const [hello, aside, outside] = [join(root, 'hello'), join(root, 'aside'), join(folder, 'outside')]
  mkdirSync(outside)
  writeFileSync(join(outside, 'v1.tar'), 'secret')
  const script = `const fs = require('fs')
    for (;;) {
      fs.renameSync('${hello}', '${aside}'); fs.symlinkSync('${outside}', '${hello}')
      fs.unlinkSync('${hello}'); fs.renameSync('${aside}', '${hello}')
    }`
  const swapper = spawn(process.execPath, ['-e', script], { stdio: 'ignore' })
  t.teardown(async () => {
    swapper.kill('SIGKILL')
    await once(swapper, 'exit')
  })

  const seen = new Map<string, number>()
  const round = async () => {
    const content = await sources.open(join(hello, 'v1.tar')).then(
      ({ stream }) => textOf(stream),
      (error) => error.code
    )
    seen.set(content, (seen.get(content) ?? 0) + 1)
  }
  while (Math.min(seen.get('source_forbidden') ?? 0, seen.get('0123456789') ?? 0) < 100) await round()

  t.notOk(seen.has('secret'))
})

t.test('a directory, a pipe and a socket are no tarballs, and opening a pipe does not hang', async (t) => {
  const { root, sources } = startFolder(t)
  execFileSync('mkfifo', [join(root, 'pipe')])
  const server = createServer().listen(join(root, 'socket'))
  t.teardown(() => server.close())

  await t.rejects(sources.open(join(root, 'hello')), { code: 'source_unsupported', message: /is a directory; only regular files/ })
  await t.rejects(sources.open(root), { code: 'source_unsupported', message: /is a directory/ })
  await t.rejects(sources.open(join(root, 'pipe')), { code: 'source_unsupported', message: /is a pipe/ })
  await t.rejects(sources.open(join(root, 'socket')), { code: 'source_unsupported', message: /is a socket/ })
})

t.test('a file that is not there is gone, but not when its whole root is missing', async (t) => {
  const { folder, root, sources } = startFolder(t)

  await t.rejects(sources.open(join(root, 'nothing.tar')), { code: 'source_gone', message: /does not exist/ })
  await t.rejects(sources.probe(join(root, 'hello/v1.tar/x')), { code: 'source_gone' })
  await t.rejects(sourcesFor({ roots: [join(folder, 'unmounted')] }).open(join(folder, 'unmounted/x.tar')), {
    code: 'source_unavailable',
    message: /is it mounted/
  })
})

t.test('a file that shrinks while it is read is not taken for whole, and one that grows is read as it was', async (t) => {
  const { root, sources } = startFolder(t)
  const path = join(root, 'large.tar')
  writeFileSync(path, 'x'.repeat(4_000_000))

  const shrinking = await sources.open(path)
  truncateSync(path, 1_000)
  await t.rejects(textOf(shrinking.stream), { code: 'source_unavailable', message: /ended after \d+ bytes instead of 4000000/ })
  writeFileSync(path, 'x'.repeat(1_000_000))
  const growing = await sources.open(path)
  appendFileSync(path, 'y')
  t.equal((await textOf(growing.stream)).length, 1_000_000)
})

t.test('no file stays open, whether it is read, refused or let go of', async (t) => {
  const { root } = startFolder(t)
  const sources = sourcesFor({ roots: [root] }, { maxBytes: 9 })
  const path = join(root, 'hello/v1.tar')

  await t.rejects(sources.open(path), { code: 'too_large' })
  await sources.probe(path)
  const generous = sourcesFor({ roots: [root] })
  await textOf((await generous.open(path)).stream)
  const { stream } = await generous.open(path)
  const closed = new Promise((resolve) => stream.once('close', resolve))
  stream.destroy()
  await closed
  while (openFiles().includes(path)) await new Promise((resolve) => setTimeout(resolve, 10))

  t.notOk(openFiles().includes(path))
})
