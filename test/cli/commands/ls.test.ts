import t from 'tap'
import { both, serve } from '../served.ts'

t.test('ls lists containers by what they are, over as many pages as there are', async (t) => {
  const { run, json, add } = await serve(t)
  for (let i = 0; i < 220; i++) await add({ name: `many:${String(i).padStart(3, '0')}`, url: 's3://images/hello.tar.gz' })
  await add({ name: 'hello:1', url: 's3://images/hello.tar.gz', urls: both })
  await run(['expect', 'hello:1', 'amd64', 'arm64', 'ppc64le'])

  const glob = await run(['ls', 'hello:*'])
  const unexpected = await run(['ls', 'many:000'])
  const every = await json(['ls'])
  const some = await json(['ls', 'many:*', '--limit', '201', '--sort', 'id', '--reverse'])
  const missing = await json(['ls', '--missing', 'ppc64le'])
  const none = await run(['ls', 'nothing-*'])
  const noneJson = await json(['ls', 'nothing-*'])
  const wrong = await run(['ls', '--state', 'splendid'])

  t.equal(glob.status, 0)
  t.match(
    glob.stdout,
    /^CONTAINER +VERSION +STATE +VERDICT +ARCHITECTURES +MISSING +UPDATED\nhello:1 +1 +partial +unverified +amd64,arm64 +ppc64le +\d{4}-\S+\n$/
  )
  t.match(unexpected.stdout, /\nmany:000 +1 +registered +- +- +- +\S+\n$/, 'not complete: nobody said what is expected')
  t.equal(every.value.length, 221)
  t.strictSame([some.value.length, some.value[0].id, some.value[200].id], [201, 'many:219', 'many:019'])
  t.match(missing.value, [{ id: 'hello:1', state: 'partial' }])
  t.strictSame(none, { status: 0, stdout: '', stderr: '' })
  t.strictSame(noneJson.value, [])
  t.match(wrong, { status: 1, stderr: /splendid/ })
})

t.test('ls --deleted lists what can be brought back, with the revision to restore', async (t) => {
  const { run, json, add } = await serve(t)
  await add({ name: 'hello:1', url: 's3://images/hello.tar.gz', urls: both })
  await run(['rm', 'hello:1'])

  const text = await run(['ls', '--deleted'])
  const [{ revision }] = (await json(['ls', '--deleted'])).value
  const restored = await run(['restore', 'hello:1', revision])

  t.match(text.stdout, /^CONTAINER .*UNTIL +REVISION\nhello:1 +1 +amd64,arm64 /)
  t.equal(restored.status, 0)
})

t.test('wait ends when a container is complete, and tells meanwhile what is missing', async (t) => {
  const { run, json, add } = await serve(t)
  await add({ name: 'hello:1', url: 's3://images/hello.tar.gz', urls: '{"amd64": "s3://images/hello.tar.gz"}' })
  await run(['expect', 'hello:1', 'amd64', 'arm64'])

  const short = await json(['wait', 'hello:1', '--timeout', '0'])
  const one = await run(['wait', 'hello:1', '--arch', 'x86_64', '--timeout', '0'])
  const waiting = run(['wait', 'hello:1', '--timeout', '300'])
  await run(['register', 'hello:1', 'arm64=s3://images/hello-arm64.tar.gz'])
  const complete = await waiting

  t.match(short, { status: 1, value: { reached: false, for: 'complete', state: 'partial', missing: ['arm64'] } })
  t.match(one, { status: 0, stdout: 'hello:1: complete\n' })
  t.match(complete, { status: 0, stdout: 'hello:1: complete\n' })
  t.match(await run(['wait', 'hello:1', '--timeout', '-1']), { status: 64 })
  t.match(await run(['wait', 'hello:1', '--for', 'ever']), { status: 64, stderr: /expected one of complete, degraded, settled/ })
})

t.test('wait ends at once when a build failed, with the reason; settled takes that for an answer', async (t) => {
  const { run, json } = await serve(t)
  await run(['expect', 'hello:1', 'amd64', 'arm64'])
  await run(['report', 'hello:1', 'arm64', 'failed', '--reason', 'no wheel of rasterio'])

  const failed = await run(['wait', 'hello:1', '--timeout', '300'])
  const settled = await json(['wait', 'hello:1', '--for', 'settled', '--timeout', '300'])

  t.equal(failed.status, 1)
  t.match(failed.stdout, /^hello:1: degraded\n- [\s\S]*no wheel of rasterio/)
  t.match(settled, { status: 0, value: { reached: true, state: 'degraded' } })
})
