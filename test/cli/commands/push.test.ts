import { writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createProgress } from '../../../src/cli/terminal/progress.ts'
import { temporaryDirectory } from '../../stores/embedded/directory.ts'
import { appLayer, baseLayer, severalSaved, sha256 } from '../../support/images.ts'
import { startRudeProxy } from '../../support/rude-proxy.ts'
import { tar } from '../../support/tar.ts'
import { tarball } from '../../support/tarballs.ts'
import { serve } from '../served.ts'

const bytes = {
  amd64: tarball(),
  arm64: tarball({ architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] }),
  mislabelled: tarball({ architecture: 'arm64' }),
  empty: tarball({ architecture: 'arm64', layers: [[{ name: 'etc/hostname', body: 'x' }]], config: { Entrypoint: null } }),
  broken: Buffer.from('no tarball')
}

async function files(t: Test): Promise<Record<keyof typeof bytes, string>> {
  const folder = temporaryDirectory(t)
  const made = Object.entries(bytes).map(async ([name, content]) => {
    const path = join(folder, `${name}.tar.gz`)
    await writeFile(path, content)
    return [name, path]
  })
  return Object.fromEntries(await Promise.all(made))
}

t.test('push brings the images of several architectures, each as what its bytes are for; the second time nothing is sent', async (t) => {
  const { run, json, url } = await serve(t)
  const { amd64, arm64 } = await files(t)

  const first = await run(['push', amd64, arm64, '--id', 'hello:1'])
  const second = await json(['push', arm64, '--id', 'hello:1'])

  t.equal(first.status, 0)
  t.match(
    first.stdout,
    /^hello:1 {2}amd64: registered: http.*\/hello-1\.tar\.gz\nhello:1 {2}arm64: registered: http.*\/hello-1-arm64\.tar\.gz\n$/
  )
  t.match(second, {
    status: 0,
    value: {
      id: 'hello:1',
      images: [{ architecture: 'arm64', version: '1', sha256: sha256(bytes.arm64), verdict: 'match', unchanged: true }]
    }
  })
  const resolved = await fetch(`${url}/api/v0.1/container/resolve?id=hello:1&arch=aarch64&format=text`)
  const fetched = await fetch((await resolved.text()).trim())
  t.ok(Buffer.from(await fetched.arrayBuffer()).equals(bytes.arm64))
})

t.test(
  'of several images for one architecture the tags are listed, and nothing is sent, unless one is tagged as the container',
  async (t) => {
    const { run } = await serve(t)
    const path = join(temporaryDirectory(t), 'several.tar')
    const named = (tag: string) => ({ tags: [tag], layers: [baseLayer(), appLayer(), [{ name: tag }]] })
    await writeFile(path, tar(severalSaved(named('first:1'), named('second:1'))))

    t.match(await run(['push', path, '--id', 'hello:1']), {
      status: 2,
      stderr: /2 images for amd64.*"first:1"; "second:1".*nothing was sent/
    })
    t.match(await run(['push', path, '--id', 'second:1']), { status: 0, stdout: /^second:1 {2}amd64: registered/ })
  }
)

t.test('a tarball that the server has already ends the build that made it again, and the plan knows what from', async (t) => {
  const { run } = await serve(t)
  const { arm64 } = await files(t)
  const build = async (commit: string) => {
    const source = ['--source', `commit=${commit}`]
    await run(['report', 'hello:1', 'arm64', 'running', ...source])
    const pushed = await run(['push', arm64, '--id', 'hello:1'])
    await run(['report', 'hello:1', 'arm64', 'succeeded', ...source])
    return pushed.stdout
  }
  await build('c1')

  const again = await build('c2')
  const plan = await run(['plan', 'hello:1', 'arm64:commit=c2', '--check'])

  t.match(again, 'hello:1  arm64: unchanged: ')
  t.match(plan, { status: 0, stdout: /^arm64 +reuse +the image for arm64 was built from this source$/m })
})

t.test('where images are published together, the first is said to wait, and the last to be registered with it', async (t) => {
  const rules = [{ match: '*', publish: 'all', expected: ['amd64', 'arm64'] }]
  const { run, json } = await serve(t, { LEPORELLO_RULES: JSON.stringify(rules) })
  const { amd64, arm64 } = await files(t)

  const first = await run(['push', amd64, '--id', 'hello:1'])
  const again = await json(['push', amd64, '--id', 'hello:1'])
  const last = await run(['push', arm64, '--id', 'hello:1'])
  const byUrl = await run(['register', 'other:1', 'amd64=s3://b/a.tar', '--digest', 'd'])

  t.match(first, { status: 0, stdout: /^hello:1 {2}amd64: waits for the others: http/ })
  t.match(again, { status: 0, value: { images: [{ waits: true }] } })
  t.match(last, { status: 0, stdout: /^hello:1 {2}arm64: registered: http/ })
  t.match(byUrl, { status: 0, stdout: 'other:1  amd64: waits for the others: s3://b/a.tar\n' })

  await run(['report', 'hello:1', 'arm64', 'running'])
  await run(['register', 'hello:1', 'amd64=s3://b/new.tar', '--digest', 'd'])
  const { stdout } = await run(['show', 'hello:1'])
  t.match(stdout, /^amd64 +yes +pending +unverified +- +- +- +d +s3:\/\/b\/new\.tar$/m, 'nothing of the one that it is to replace')
  t.match(stdout, /^arm64 +yes +present +match /m)
})

t.test('several machines push at once, each its own architecture', async (t) => {
  const { json } = await serve(t)
  const { amd64, arm64 } = await files(t)

  const both = await Promise.all([amd64, arm64].map((file) => json(['push', file, '--id', 'hello:1', '--version', 'v9'])))

  t.match(both, [{ status: 0 }, { status: 0 }])
  const { value } = await json(['show', 'hello:1'])
  t.match(value, { version: 'v9', images: { amd64: { verdict: 'match' }, arm64: { verdict: 'match' } } })
})

t.test('an answer that was lost is asked for again', async (t) => {
  const { url, run } = await serve(t)
  const { amd64 } = await files(t)
  const lost = new Set<string>()
  const proxy = await startRudeProxy(url, ({ method = '' }: IncomingMessage) => {
    if (lost.has(method) || method === 'GET') return 'pass'
    lost.add(method)
    return 'lose the answer'
  })
  t.teardown(proxy.close)

  const pushed = await run(['push', amd64, '--id', 'hello:1'], { LEPORELLO_URL: proxy.url })

  t.strictSame([...lost], ['POST', 'PATCH'])
  t.match(pushed, { status: 0, stdout: /registered/ })
  const { items } = await (await fetch(`${url}/api/v1/uploads`)).json()
  t.match(items, [{ state: 'registered' }], 'and no second upload was begun')
  t.equal(items.length, 1)
})

t.test('what is wrong is said before anything is sent, with its exit status', async (t) => {
  const { url, run } = await serve(t)
  const { amd64, arm64, mislabelled, empty, broken } = await files(t)
  const id = ['--id', 'hello:1']
  const cases: [args: string[], status: number, says: RegExp][] = [
    [[], 64, /expected a file/],
    [[amd64], 64, /expected --id/],
    [[amd64, arm64, ...id, '--arch', 'arm64'], 64, /--arch is for one file, and these are 2/],
    [[amd64, ...id, '--arch', 'arm 64'], 64, /"arm 64" is not the name of an architecture/],
    [[amd64, ...id, '--patience', 'long'], 64, /--patience is "long"/],
    [[amd64, arm64, amd64, ...id], 1, /amd64\.tar\.gz and .*amd64\.tar\.gz are both for amd64.*nothing was sent/],
    [[mislabelled, ...id], 1, /mislabelled\.tar\.gz is mislabelled: .*nothing was sent/],
    [[amd64, ...id, '--arch', 'aarch64'], 1, /is mislabelled/],
    [[broken, ...id], 2, /broken\.tar\.gz is unreadable/],
    [[empty, ...id], 2, /is no-binaries/],
    [['none.tar', ...id], 2, /none\.tar does not exist; expected a tarball/],
    [['/', ...id], 2, /\/ is not a file; expected a tarball/],
    [[amd64, '--id', 'untagged'], 1, /version must be supplied: untagged has no tag/],
    [[amd64, ...id, '--url', 'http://127.0.0.1:1'], 69, /127\.0\.0\.1:1 cannot be reached/]
  ]
  for (const [args, status, says] of cases) {
    const ended = await run(['push', ...args])
    t.equal(ended.status, status, String(says))
    t.match(ended.stderr, says)
    t.equal(ended.stdout, '')
  }
  t.same(await (await fetch(`${url}/api/v1/uploads`)).json(), { items: [] })

  const told = await run(['push', broken, ...id, '--json'])
  t.match(JSON.parse(told.stdout), { code: 'unreadable', detail: /broken/ })
})

t.test('what the bytes do not tell may be said, and what is wrong may be forced', async (t) => {
  const { json } = await serve(t)
  const { empty, mislabelled } = await files(t)

  t.match(await json(['push', empty, '--id', 'scripts:1', '--arch', 'arm64']), {
    status: 0,
    value: { images: [{ architecture: 'arm64', verdict: 'no-binaries' }] }
  })
  t.match(await json(['push', mislabelled, '--id', 'wrong:1', '--arch', 'arm64', '--force']), {
    status: 0,
    value: { images: [{ architecture: 'arm64', verdict: 'mislabelled' }] }
  })
})

t.test('what the server refuses is said in its words', async (t) => {
  const { run } = await serve(t, { LEPORELLO_STRICT: 'true' })
  const readOnly = await serve(t, { LEPORELLO_POLICY: 'read-only' })
  const { mislabelled, amd64 } = await files(t)

  t.match(await run(['push', mislabelled, '--id', 'wrong:1', '--arch', 'arm64', '--force']), {
    status: 1,
    stdout: '',
    stderr: /mislabelled, which this site refuses \(LEPORELLO_STRICT\)/
  })
  t.match(await readOnly.run(['push', amd64, '--id', 'hello:1']), { status: 1, stderr: /policy "read-only"/ })
})

t.test('progress is a bar that is drawn over on a terminal, and a line now and then elsewhere', async (t) => {
  for (const isTTY of [true, false]) {
    let said = ''
    let time = 0
    const write = (text: string) => {
      said += text
      return true
    }
    const progress = createProgress({
      what: 'hello.tar\u001b: sending',
      total: 1000,
      from: 200,
      stream: { isTTY, columns: 200, write: write as never },
      now: () => time
    })
    for (const at of [300, 400, 1000]) {
      time += 6_000
      progress.at(at)
    }
    progress.end()

    if (isTTY) {
      t.match(said, `\r\u001b[Khello.tar\\u001b: sending  [#######.................] 30%  300 B of 1.0 kB  17 B/s  0:42 left`)
      t.match(said, '[########################] 100%')
      t.ok(said.endsWith('\r\u001b[K'), 'it is wiped away at the end')
    } else {
      t.equal(said, 'hello.tar\\u001b: sending: 40% (400 B of 1.0 kB, 17 B/s)\n')
    }
  }
})
