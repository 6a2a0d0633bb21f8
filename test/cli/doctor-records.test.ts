import t from 'tap'
import { temporaryDirectory } from '../stores/embedded/directory.ts'
import { appLayer, baseLayer } from '../support/images.ts'
import { tarball } from '../support/tarballs.ts'
import { codesOf, oldMozart } from './doctor.ts'
import { command } from './in-process.ts'
import { serve } from './served.ts'

t.test('doctor tells a Mozart of old by what it does, and reads its records all the same', async (t) => {
  const { url, records } = await oldMozart(t)
  records.set('hello:1', { id: 'hello:1', digest: 'd', url: 's3://images/hello.tar.gz', version: '1' })
  const doctor = (...args: string[]) => command(t, { args: ['doctor', '--json', '--url', `${url}/api/v0.1`, ...args] })

  const looked = await doctor('hello:1')
  const tried = await doctor('--write')

  t.equal(looked.status, 1)
  t.strictSame(codesOf(JSON.parse(looked.stdout)), ['server_is_mozart', 'urls_missing'])
  t.equal(tried.status, 1)
  t.strictSame(codesOf(JSON.parse(tried.stdout)), ['server_is_mozart', 'urls_dropped'])
  t.strictSame([...records.keys()], ['hello:1'], 'its own container is gone again')
})

t.test('doctor finds what records say that workers of old stumble over, whoever wrote them', async (t) => {
  const { url, records } = await oldMozart(t)
  const [amd, arm] = ['s3://images/hello.tar.gz', 's3://images/hello-arm64.tar.gz']
  const record = (id: string, fields: object) => records.set(id, { id, digest: 'd', version: '1', ...fields })
  const [amdNames, armNames] = [
    { x86_64: amd, amd64: amd },
    { arm64: arm, aarch64: arm }
  ]
  record('arm-url:1', { url: arm, urls: JSON.stringify(armNames) })
  record('no-alias:1', { url: amd, urls: JSON.stringify({ ...amdNames, arm64: arm }) })
  record('no-url:1', { url: '', urls: JSON.stringify({ ...amdNames, ...armNames }) })

  const { status, stdout } = await command(t, { args: ['doctor', '--json', '--url', url, ...records.keys()] })

  t.equal(status, 1)
  t.strictSame(codesOf(JSON.parse(stdout)), ['server_is_mozart', 'url_not_amd64 arm64', 'aliases_incomplete arm64', 'url_missing'])
})

t.test("doctor finds a record whose digest is another architecture's", async (t) => {
  const { json, url } = await serve(t)
  const container = `${url}/api/v1/containers/hello%3A1`
  const put = async (architecture: string, body: Buffer) => {
    const answer = await fetch(`${container}/images/${architecture}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/gzip' },
      body: new Uint8Array(body)
    })
    return (await answer.json()).image
  }
  await put('amd64', tarball())
  const arm = await put('arm64', tarball({ architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] }))
  const before = await json(['doctor', 'hello:1'])
  const headers = { 'content-type': 'application/json' }
  await fetch(container, { method: 'PATCH', headers, body: JSON.stringify({ digest: arm.config }) })

  const after = await json(['doctor', 'hello:1'])

  t.strictSame(codesOf(before.value), [])
  t.strictSame(codesOf(after.value), ['digest_of_other arm64'])
})

t.test('doctor tells which architectures machines asked for in vain, until they are there', async (t) => {
  const environment = { LEPORELLO_DATA: temporaryDirectory(t) }
  const { close, add, url } = await serve(t, environment)
  const only = { url: 's3://images/hello.tar.gz', urls: '{"amd64": "s3://images/hello.tar.gz"}' }
  for (const name of ['hello:1', 'other:1']) await add({ name, ...only })
  for (const [id, arch] of [
    ['hello:1', 'aarch64'],
    ['hello:1', 'arm64'],
    ['other:1', 's390x'],
    ['hello:1', 'x86_64']
  ]) {
    await fetch(`${url}/api/v0.1/container/resolve?id=${id}&arch=${arch}`)
  }
  // what was asked is written down now and then, and when a server ends
  await close()
  const { json, run } = await serve(t, environment)

  const server = await json(['doctor'])
  const one = await json(['doctor', 'other:1'])
  await run(['register', 'hello:1', 'arm64=s3://images/hello-arm64.tar.gz'])
  const later = await json(['doctor'])

  t.match(server, { status: 0, value: { ok: true } })
  t.match(server.value.findings, [
    {
      code: 'asked_for_in_vain',
      severity: 'note',
      container: 'hello:1',
      architecture: 'arm64',
      message: /asked 2 times for an image for arm64/
    },
    { container: 'other:1', architecture: 's390x', message: /asked once/ }
  ])
  t.strictSame(codesOf(one.value), ['asked_for_in_vain s390x'])
  t.strictSame(codesOf(later.value), ['asked_for_in_vain s390x'], 'what has been built since is no matter any more')
})
