import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import type { Opened } from '../../stores/contract.ts'
import { temporaryDirectory } from '../../stores/embedded/directory.ts'
import { startWithTarballs, type TarballOptions, tarball } from '../../support/tarballs.ts'

/** Frozen releases, and what they hold, over every store. Each test has repositories and releases of its own. */
export function releaseContract(name: string, open: (t: Test) => Promise<Opened>): void {
  const site = async (t: Test, options: TarballOptions = {}) => {
    const server = await startWithTarballs(t, { stores: (await open(t)).stores, ...options })
    const ask = async (method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, payload?: object) => {
      const reply = await server.app.inject({ method, url: path.startsWith('/api') ? path : `/api/v1${path}`, ...(payload && { payload }) })
      return { status: reply.statusCode, body: reply.json(), headers: reply.headers }
    }
    const upload = (id: string, payload = tarball()) => {
      const headers = { 'content-type': 'application/octet-stream' }
      return server.app.inject({ method: 'PUT', url: `/api/v1/containers/${encodeURIComponent(id)}/images/amd64`, payload, headers })
    }
    return { ...server, ask, upload }
  }

  t.test(`${name}: a release never changes, whatever becomes of its images`, async (t) => {
    const { app, ask, upload } = await site(t)
    await upload('z-nova-api:1')
    await ask('PUT', '/channels/z-cur', { set: ['z-nova-api:1'] })

    const frozen = await ask('POST', '/releases', { name: 'z-1', channel: 'z-cur', require: ['proven'], reason: 'shipped' })
    const url = '/api/v1/releases/z-1'
    const formats = ['json', 'yaml', 'heat', 'text', 'sh']
    const before = await Promise.all(formats.map((format) => app.inject(`${url}?format=${format}`)))
    const same = await ask('POST', '/releases', { name: 'z-1', channel: 'z-cur' })
    await upload('z-nova-api:1', tarball({ tags: ['another:1'] }))
    await ask('PUT', '/channels/z-cur', { set: ['z-nova-api:1'] })
    const other = await ask('POST', '/releases', { name: 'z-1', channel: 'z-cur' })
    const after = await Promise.all(formats.map((format) => app.inject(`${url}?format=${format}`)))
    const known = await app.inject({ url, headers: { 'if-none-match': String(after[0]!.headers.etag) } })

    t.match(frozen, {
      status: 201,
      headers: { location: /\/api\/v1\/releases\/z-1$/ },
      body: { name: 'z-1', reason: 'shipped', from: { channel: 'z-cur' } }
    })
    t.match(frozen.body.set, [
      {
        id: 'z-nova-api:z-cur',
        origin: 'z-nova-api:1',
        images: { amd64: { verdict: 'match', manifest: /^sha256:/, sha256: /^[0-9a-f]{64}$/ } }
      }
    ])
    t.equal(same.status, 200)
    t.match(other, { status: 409, body: { code: 'already_exists', detail: /with other images; a release never changes/ } })
    for (const [i, reply] of after.entries()) {
      t.equal(reply.body, before[i]!.body, formats[i]!)
      t.match(reply.headers, { etag: /^"[0-9a-f]{64}"$/, 'cache-control': /immutable/ })
    }
    t.equal(known.statusCode, 304)
    const { manifest } = frozen.body.set[0].images.amd64
    const reference = `${frozen.body.registry}/z-nova-api@${manifest}`
    t.equal(after[3]!.body, `${reference}\n`)
    t.match(parse(after[1]!.body), { container_images: [{ imagename: reference, digests: { amd64: manifest } }] })
    t.match(parse(after[2]!.body), {
      parameter_defaults: { ContainerZNovaApiImage: reference, DockerInsecureRegistryAddress: [frozen.body.registry] }
    })
    t.match((await ask('GET', '/releases')).body.items, [{ name: 'z-1', images: 1, reason: 'shipped' }])
  })

  t.test(`${name}: what cannot be frozen is refused with every reason`, async (t) => {
    const { ask } = await site(t)
    await ask('PUT', '/containers/y-a%3A1', { version: '1', digest: 'd', url: 's3://b/x' })

    const refused = await ask('POST', '/releases', { name: 'y-1', set: ['y-a:1', 'y-none:1'], require: ['proven'] })

    t.match(refused, { status: 409, body: { errors: [{ message: /y-a:1 is not proven/ }, { message: 'y-none:1 does not exist' }] } })
    t.match(await ask('GET', '/releases/y-1'), { status: 404, body: { code: 'release_unknown' } })
    t.match(await ask('POST', '/releases', { name: '../x', set: ['y-a:1'] }), {
      status: 400,
      body: { detail: /^name is "\.\.\/x"; expected 1 to 128/ }
    })
    t.match(await ask('POST', '/releases', { name: 'y-1' }), { status: 400 })
    t.match(await ask('POST', '/releases', { name: 'y-1', channel: 'none' }), { status: 404, body: { code: 'channel_unknown' } })
    t.match(await ask('POST', '/releases?dryRun=true', { name: 'y-1', set: ['y-a:1'] }), { status: 201 })
    t.equal((await ask('GET', '/releases/y-1')).status, 404)
  })

  t.test(`${name}: what a release or a channel names is not removed, unless forced, and then its tarball stays`, async (t) => {
    const { app, ask, upload, catalogue, everything } = await site(t, { graceMs: 0 })
    await upload('x-a:1')
    await ask('PUT', '/channels/x-cur', { set: ['x-a:1'] })
    await ask('POST', '/releases', { name: 'x-1', channel: 'x-cur' })
    const tarballs = async () => (await everything()).filter((key) => key.startsWith('containers/'))
    const keys = await tarballs()

    const batch = { items: [{ op: 'delete', id: 'x-a:1' }] }
    const refusals = [
      await ask('DELETE', '/containers/x-a%3Ax-cur'),
      await ask('DELETE', '/containers/x-a%3A1'),
      await ask('DELETE', '/containers/x-a%3A1/images/amd64'),
      await ask('POST', '/batch', batch)
    ]
    const mozart = await ask('GET', '/api/v0.1/container/remove?id=x-a:1')
    const { manifest } = (await ask('GET', '/releases/x-1')).body.set[0].images.amd64
    await app.inject('/v2/x-a/manifests/1')
    const byTag = await app.inject({ method: 'DELETE', url: '/v2/x-a/manifests/1' })
    const forced = [await ask('DELETE', '/containers/x-a%3A1?force=true'), await ask('DELETE', '/channels/x-cur')]
    const byDigest = await app.inject({ method: 'DELETE', url: `/v2/x-a/manifests/${manifest}` })
    await catalogue.removals!.work({ atOnce: 10, signal: new AbortController().signal })

    t.match(refusals[0], { status: 409, body: { code: 'container_named', detail: /named by channel x-cur, release x-1; it stays/ } })
    for (const refused of refusals.slice(1)) t.match(refused, { status: 409, body: { code: 'container_named', detail: /release x-1/ } })
    t.match(mozart, { status: 409, body: { success: false, message: /release x-1/ } })
    for (const refused of [byTag, byDigest])
      t.match(refused.json(), {
        errors: [{ code: 'UNSUPPORTED', message: /release x-1(, release z-1)?; it stays: remove it from there first/ }]
      })
    for (const { status } of forced) t.equal(status, 200)
    t.strictSame(await tarballs(), keys, 'the tarball is there')
    const lines = (await app.inject('/api/v1/fsck')).body
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
    t.strictSame(
      lines.filter(({ kind }) => kind === 'unnamed'),
      []
    )
    t.match(await ask('POST', '/channels/x-back/rollback', {}), { status: 404 })
    t.match(await ask('PUT', '/channels/x-cur', { from: { release: 'x-1' } }), { status: 200, body: { written: ['x-a:x-cur'] } })
    t.match((await ask('GET', '/containers/x-a%3Ax-cur')).body.images.amd64.url, /storage/)
    await ask('DELETE', '/channels/x-cur')
    t.match(await ask('DELETE', '/releases/x-1'), { status: 200, body: { name: 'x-1' } })
  })

  t.test(`${name}: the script gets exactly these tarballs and checks them`, async (t) => {
    const { ask, url } = await site(t, { listen: true })
    const address = new URL(url)
    for (const id of ['s-a:1', 's-b:1']) {
      const path = `/api/v1/containers/${encodeURIComponent(id)}/images/amd64`
      await fetch(`${url}${path}`, {
        method: 'PUT',
        body: new Uint8Array(id === 's-a:1' ? tarball() : tarball({ tags: ['b:1'] })),
        headers: { 'content-type': 'application/octet-stream' }
      })
    }
    await ask('POST', '/releases', { name: 's-1', set: ['s-a:1', 's-b:1'] })
    const script = await (await fetch(`${url}/api/v1/releases/s-1?format=sh`)).text()
    const folder = temporaryDirectory(t)
    const file = join(folder, 'pull.sh')
    writeFileSync(file, script)
    // neither docker nor podman: what is there on this machine must not decide
    const run = (...args: string[]) => spawnAsync(['sh', file, ...args], { cwd: folder, PATH: toolsOnly(folder) })

    const whole = await run('amd64')
    const again = await run('amd64')
    writeFileSync(file, script.replace(/'[0-9a-f]{64}'/, `'${'0'.repeat(64)}'`))
    const wrong = await run('amd64', 'elsewhere')
    const none = await run('s390x')

    t.match(address.hostname, '127.0.0.1')
    t.match(whole, { status: 0, stderr: '2 pulled, 0 failed\n' })
    t.equal(readdirSync(join(folder, 's-1')).length, 2)
    t.match(again, { status: 0 })
    t.match(wrong, { status: 1, stderr: /s-a:1: the tarball has the SHA-256 [0-9a-f]{64}, expected 0{64}[\s\S]*1 pulled, 1 failed/ })
    t.match(none, { status: 1, stderr: /no image for s390x/ })
  })
}

/** A folder with the programs that the script needs, and no container engine. */
function toolsOnly(folder: string): string {
  const tools = join(folder, 'tools')
  if (existsSync(tools)) return tools
  mkdirSync(tools)
  const path = (process.env['PATH'] ?? '').split(':')
  for (const program of ['sh', 'uname', 'curl', 'sha256sum', 'shasum', 'cut', 'mkdir', 'mv', 'rm']) {
    const found = path.map((directory) => join(directory, program)).find((file) => existsSync(file))
    if (found) symlinkSync(found, join(tools, program))
  }
  return tools
}

interface Ended {
  status: number
  stdout: string
  stderr: string
}

function spawnAsync([program, ...args]: string[], { cwd, PATH }: { cwd: string; PATH: string }): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program!, args, { cwd, env: { PATH, no_proxy: '127.0.0.1' } }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}
