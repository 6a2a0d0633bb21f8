import t from 'tap'
import { both, serve } from '../served.ts'

t.test('register adds one architecture and leaves the others as they are; resolve gives each machine its own', async (t) => {
  const { run, json } = await serve(t)

  const first = await run(['register', 'hello:1', '--version', '1', '--digest', 'sha256:0', 'x86_64=s3://images/hello.tar.gz'])
  const second = await run(['register', 'hello:1', 'aarch64=s3://images/hello-arm64.tar.gz'])
  const again = await run(['register', 'hello:1', 'arm64=s3://images/hello-arm64.tar.gz'])
  const arm = await run(['resolve', 'hello:1', 'aarch64'])
  const amd = await json(['resolve', 'hello:1', 'AMD64'])

  t.match(first, { status: 0, stdout: 'hello:1  amd64: registered: s3://images/hello.tar.gz\n' })
  t.match(second, { status: 0, stdout: 'hello:1  arm64: registered: s3://images/hello-arm64.tar.gz\n' })
  t.match(again, { status: 0, stdout: 'hello:1  arm64: unchanged: ' })
  t.strictSame(arm, { status: 0, stdout: 's3://images/hello-arm64.tar.gz\n', stderr: '' })
  t.match(amd, { status: 0, value: { architecture: 'amd64', requested: 'AMD64', url: 's3://images/hello.tar.gz', source: 'urls' } })
})

t.test('register bundles images of other containers, and a dry run writes nothing', async (t) => {
  const { run, json } = await serve(t)
  await run(['register', 'operator-arm:1', '--version', '1', '--digest', 'sha256:a', 'arm64=s3://images/arm.tar.gz'])
  await run(['register', 'operator-amd:1', '--version', '1', '--digest', 'sha256:b', 'amd64=s3://images/amd.tar.gz'])

  const dry = await json(['register', 'operator:1', 'arm64=@operator-arm:1', '--dry-run'])
  const absent = await run(['show', 'operator:1'])
  const bundled = await json(['register', 'operator:1', 'arm64=@operator-arm:1', 'amd64=@operator-amd:1', '--reason', 'ärger'])

  t.match(dry, { status: 0, value: { dryRun: true, images: [{ architecture: 'arm64', unchanged: false }] } })
  t.match(absent, { status: 1, stderr: 'container not found: operator:1' })
  t.match(bundled, { status: 0, value: { container: { id: 'operator:1', images: { amd64: { url: 's3://images/amd.tar.gz' } } } } })
})

t.test('a whole record is written as the builder writes it, and the next one replaces it', async (t) => {
  const { run, json, url } = await serve(t)

  const whole = await run(['register', 'hello:1', '--replace', '--version', '1', '--digest', 'd', 'amd64=s3://b/a', 'arm64=s3://b/b'])
  const waiting = ['register', 'new:1', '--digest', 'd', 'amd64=s3://b/a', '--publish', 'all']
  await run(['expect', 'new:1', 'amd64', 'arm64'])
  t.match(await run(waiting), { status: 64, stderr: /--publish is for whole records; expected --replace/ })
  t.match(await run([...waiting.slice(0, -1), 'never']), { status: 64, stderr: /expected one of each, all, verified, rules/ })
  await run([...waiting, '--replace'])
  t.match(await run(['register', 'new:1', 'amd64=s3://b/new']), { status: 0, stdout: 'new:1  amd64: waits for the others: s3://b/new\n' })
  const bare = await run(['register', 'hello:1', '--version', '2', '--digest', 'd', 's3://bucket/old.tar.gz?x=1'])
  const info = await (await fetch(`${url}/api/v0.1/container/info?id=hello:1`)).json()
  const fallback = await run(['resolve', 'hello:1', 'riscv64'])

  t.match(whole, { status: 0, stdout: 'hello:1: registered, with amd64, arm64\n' })
  t.match(bare, { status: 0, stdout: 'hello:1: registered, with a url for any machine\n' })
  t.strictSame(info, {
    success: true,
    message: '',
    result: { id: 'hello:1', digest: 'd', url: 's3://bucket/old.tar.gz?x=1', version: '2' }
  })
  t.match(fallback, { status: 0, stdout: 's3://bucket/old.tar.gz?x=1\n', stderr: 'nothing tells whether this image is for riscv64' })
  t.match((await json(['show', 'hello:1'])).value, { id: 'hello:1', images: {} })
})

t.test('show is a matrix of architectures, plain where nobody looks, with secrets masked', async (t) => {
  const { run, json, add } = await serve(t)
  const url = 's3://AKIA:swordfish@host:9000/images/hello.tar.gz'
  await add({ name: 'a/b c:1', url, urls: JSON.stringify({ amd64: url, arm64: 's3://images/hello-arm64.tar.gz' }) })

  const shown = await run(['show', 'a/b c:1'], { FORCE_COLOR: '1' })
  const value = await json(['show', 'a/b c:1'])

  t.equal(shown.status, 0)
  t.match(shown.stdout, /^a\/b c:1 {2}registered\n/, 'nobody said what is expected')
  t.match(shown.stdout, /^amd64 +- +listed +unverified +- +- +- +\S+ +s3:\/\/\*\*\*@host:9000\/images\/hello.tar.gz$/m)
  t.match(shown.stdout, /^arm64 +- +listed +unverified/m)
  for (const never of ['\u001b', 'swordfish']) t.notMatch(shown.stdout, never)
  t.strictSame(Object.keys(value.value.images), ['amd64', 'arm64'])
})

t.test('what is refused, misused or away has its exit status, and says what to do', async (t) => {
  const { run, json, add } = await serve(t)
  await add({ name: 'hello:1', url: 's3://images/hello.tar.gz', urls: both })

  const cases: [string[], number, RegExp][] = [
    [['resolve', 'hello:1', 'riscv64'], 1, /hello:1 has no image for riscv64; it has: amd64, arm64/],
    [['show', 'other:1'], 1, /container not found: other:1/],
    [['register', 'new:1', 'arm64=s3://x/y'], 1, /digest must be supplied: new:1 is new/],
    [['show'], 64, /expected the id of a container\nTry: leporello show --help/],
    [['register', 'hello:1'], 64, /expected an image, as arm64=URL/],
    [['register', 'hello:1', 'hello.tar'], 64, /"hello.tar" is not an image; expected one as arm64=/],
    [['register', 'hello:1', '--replace', 'arm64=@other:1'], 64, /@OTHER is for single architectures/],
    [['register', 'hello:1', 'ar/m/64=s3://x/y'], 64, /is not the name of an architecture/],
    [['show', 'hello:1', '--url', 'ftp://user:swordfish@x'], 64, /--url is "ftp:\/\/\*\*\*@x"; expected an http/],
    [
      ['show', 'hello:1', '--url', 'http://user:swordfish@127.0.0.1:1'],
      69,
      /^leporello: http:\/\/\*\*\*@127.0.0.1:1 cannot be reached: .*LEPORELLO_URL/
    ]
  ]
  for (const [args, status, words] of cases) {
    const ended = await run(args)

    t.equal(ended.status, status, args.join(' '))
    t.match(ended.stderr, words)
    t.equal(ended.stdout, '', args.join(' '))
  }
  const refused = await json(['show', 'other:1'])
  t.match(refused, { status: 1, value: { status: 404, code: 'container_unknown', detail: 'container not found: other:1' } })
  const away = await json(['show', 'other:1', '--url', 'http://127.0.0.1:1'])
  t.match(away, { status: 69, value: { code: 'unreachable' } })
})

t.test('rm takes one image away, or the container, and warns of job specs that name it', async (t) => {
  const { run, json, add, url } = await serve(t)
  await add({ name: 'hello:1', url: 's3://images/hello.tar.gz', urls: both })
  const spec = JSON.stringify({ id: 'job-hello:1', container: 'hello:1' })
  await fetch(`${url}/api/v0.1/job_spec/add`, { method: 'POST', body: new URLSearchParams({ spec }) })

  const dry = await run(['rm', 'hello:1', '--arch', 'aarch64', '--dry-run'])
  const image = await run(['rm', 'hello:1', '--arch', 'aarch64'])
  const again = await run(['rm', 'hello:1', '--arch', 'aarch64'])
  const whole = await run(['rm', 'hello:1', '--reason', 'superseded\nby 2'])
  const gone = await json(['rm', 'hello:1'])

  t.match(dry, { status: 0, stdout: 'hello:1  arm64: would be removed\n' })
  t.match(image, { status: 0, stdout: 'hello:1  arm64: removed\n' })
  t.match(again, { status: 1, stderr: /has no image for arm64; it has: amd64/ })
  t.match(whole, { status: 0, stdout: 'hello:1: removed\n', stderr: /job specs name it: job-hello:1/ })
  t.match(gone, { status: 1, value: { code: 'container_unknown' } })
})
