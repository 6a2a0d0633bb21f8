import { createReadStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { leporello } from '../../cli/command-line.ts'
import { startDistribution } from '../../support/distribution.ts'
import { startGate } from '../../support/gate.ts'
import { type Leporello, onEngine, ready, startLeporello } from '../../support/leporello.ts'
import { startMeddlingProxy } from '../../support/meddling-proxy.ts'
import { goClient, run, samplesAndClients } from '../../support/oci-clients.ts'
import { dockerLogin } from '../../support/published.ts'
import { sharedEngine } from '../../support/shared-engine.ts'

/** Containers that are published to a registry of another maker, and pulled from it; compared by real registry clients. */

const { sample, crane } = samplesAndClients(t)
const oras = await goClient('oras')
const registry = await startDistribution()
t.teardown(registry.stop)
const embedded = await startLeporello()
t.teardown(embedded.stop)
const engine = await sharedEngine('es8')
const onEs8 = await startLeporello(onEngine(engine.url))
t.teardown(async () => {
  await onEs8.stop()
  await engine.stop()
})
await ready(onEs8)

const architectures = ['amd64', 'arm64'] as const
const files = { amd64: sample('amd64-amd64.buildah-docker.tar'), arm64: sample('arm64-arm64.skopeo-zstd.tar') }

async function upload(t: Test, id: string): Promise<void> {
  for (const architecture of architectures) {
    const reply = await fetch(`${embedded.url}/api/v1/containers/${encodeURIComponent(id)}/images/${architecture}`, {
      method: 'PUT',
      body: Readable.toWeb(createReadStream(files[architecture])),
      duplex: 'half'
    } as RequestInit)
    t.match(reply.status, /20\d/, await reply.text())
  }
}

const asked = (t: Test, { url }: Leporello, ...args: string[]) => leporello(t, { args, environment: { LEPORELLO_URL: url } })
const digestAt = (host: string, name: string) => run(crane, 'digest', '--insecure', `${host}/${name}`)
const hostOf = ({ url }: Leporello) => new URL(url).host

/** Both platforms can be pulled, each with its own program. */
function checkPulls(t: Test, reference: string): void {
  const folder = t.testdir()
  for (const architecture of architectures) {
    const { architecture: found } = JSON.parse(run(crane, 'config', '--insecure', '--platform', `linux/${architecture}`, reference))
    t.equal(found, architecture)
    run(crane, 'pull', '--insecure', '--platform', `linux/${architecture}`, reference, join(folder, `${architecture}.tar`))
  }
  const copy = ['--insecure-policy', 'copy', '-q', '--all', '--src-tls-verify=false']
  run('skopeo', ...copy, `docker://${reference}`, `dir:${join(folder, 'all')}`)
}

t.test('tarballs are published, and both platforms pull with the digests that they have here', async (t) => {
  await upload(t, 'real/hello:v1')
  const to = `${registry.host}/real/hello:v1`

  const { status, stderr } = await asked(t, embedded, 'publish', 'real/hello:v1', '--to', to).ended
  const again = await asked(t, embedded, 'publish', 'real/hello:v1', '--to', to, '--json').ended

  t.equal(status, 0, stderr)
  t.equal(digestAt(registry.host, 'real/hello:v1'), digestAt(hostOf(embedded), 'real/hello:v1'))
  checkPulls(t, to)
  t.match(JSON.parse(again.stdout), { unchanged: true, blobs: null })
})

t.test('kill -9 in the middle of publishing: nothing is to be seen, and the same command makes it whole', async (t) => {
  const gate = await startGate(t, { target: registry.url, bytes: 600_000 })
  const publish = (host: string) => asked(t, embedded, 'publish', 'real/hello:v1', '--to', `${host}/killed/hello:v1`, '--at-once', '1')
  const running = publish(new URL(gate.url).host)
  await gate.reached()

  running.child.kill('SIGKILL')
  await running.ended
  const tags = () => run(crane, 'ls', '--insecure', `${registry.host}/killed/hello`)
  t.throws(tags, { message: /NAME_UNKNOWN/ })
  const { status, stderr } = await publish(registry.host).ended

  t.equal(status, 0, stderr)
  t.equal(digestAt(registry.host, 'killed/hello:v1'), digestAt(hostOf(embedded), 'real/hello:v1'))
  checkPulls(t, `${registry.host}/killed/hello:v1`)
})

t.test('a connection that breaks in the middle of a blob is followed by another one', async (t) => {
  let isWhole = false
  const broken = await startMeddlingProxy(t, {
    target: registry.url,
    meddle({ method, headers }) {
      if (isWhole || method !== 'PATCH' || Number(headers['content-length']) < 300_000) return undefined
      isWhole = true
      return { cutRequestAfter: 200_000 }
    }
  })

  const { status, stderr } = await asked(t, embedded, 'publish', 'real/hello:v1', '--to', `${broken.host}/broken/hello:v1`).ended

  t.equal(status, 0, stderr)
  t.match(stderr, /cannot be reached.*; trying again in 1 s/)
  t.equal(digestAt(registry.host, 'broken/hello:v1'), digestAt(hostOf(embedded), 'real/hello:v1'))
  checkPulls(t, `${registry.host}/broken/hello:v1`)
})

/** What oras finds that refers to a manifest, by its kind. */
const discovered = (reference: string): string[] =>
  (JSON.parse(run(oras, 'discover', '--plain-http', '--format', 'json', reference)).manifests ?? [])
    .map(({ artifactType, digest }: Record<string, string>) => `${artifactType} ${digest}`)
    .sort()

t.test('what oras attached is found where it was published to, and where that was pulled', async (t) => {
  await upload(t, 'real/signed:v1')
  const host = hostOf(embedded)
  const folder = t.testdir()
  const attach = (digest: string, kind: string) => {
    writeFileSync(join(folder, kind), `${kind} of ${digest}`)
    const file = ['--disable-path-validation', `${join(folder, kind)}:text/plain`]
    const { reference } = JSON.parse(
      run(
        oras,
        'attach',
        '--plain-http',
        '--format',
        'json',
        '--artifact-type',
        `example/${kind}`,
        `${host}/real/signed@${digest}`,
        ...file
      )
    )
    return String(reference).split('@')[1]!
  }
  const index = digestAt(host, 'real/signed:v1')
  const arm64 = run(crane, 'digest', '--insecure', '--platform', 'linux/arm64', `${host}/real/signed:v1`)
  const sbom = attach(arm64, 'sbom')
  const attached = [
    [index, `example/signature ${attach(index, 'signature')}`],
    [arm64, `example/sbom ${sbom}`],
    [sbom, `example/countersignature ${attach(sbom, 'countersignature')}`]
  ] as const

  const there = `${registry.host}/real/signed`
  const published = await asked(t, embedded, 'publish', 'real/signed:v1', '--to', `${there}:v1`, '--referrers', '--json').ended
  const pulled = await asked(t, onEs8, 'pull', `${there}:v1`, '--id', 'real/signed:v1', '--referrers', '--json').ended

  t.match([published.status, pulled.status], [0, 0], published.stderr + pulled.stderr)
  t.match([JSON.parse(published.stdout), JSON.parse(pulled.stdout)], [{ referrers: 3 }, { referrers: 3 }])
  for (const repository of [there, `${hostOf(onEs8)}/real/signed`]) {
    for (const [subject, what] of attached) t.strictSame(discovered(`${repository}@${subject}`), [what])
  }
})

t.test('a registry with passwords is signed in to as docker login left it', async (t) => {
  const guarded = await startDistribution({ signIn: true })
  t.teardown(guarded.stop)
  const publish = (DOCKER_CONFIG: string) =>
    leporello(t, {
      args: ['publish', 'real/hello:v1', '--to', `${guarded.host}/hello:v1`],
      environment: { LEPORELLO_URL: embedded.url, DOCKER_CONFIG }
    }).ended

  t.match(await publish(t.testdir()), { status: 1, stderr: /answered 401 .*has no credentials for it: sign in with docker login/ })
  t.match(await publish(dockerLogin(t, { [guarded.host]: 'test:wrong' })), {
    status: 1,
    stderr: /user "test" of docker's configuration may not write it/
  })
  t.match(await publish(dockerLogin(t, { [guarded.host]: 'test:test' })), { status: 0 })
})

for (const [store, server] of [
  ['the embedded store', embedded],
  ['Elasticsearch', onEs8]
] as const) {
  t.test(`what real clients pushed to another registry is pulled to ${store}`, async (t) => {
    // skopeo remembers where it saw blobs
    const theirs = await startDistribution()
    t.teardown(theirs.stop)
    const docker = `${theirs.host}/theirs/docker`
    for (const architecture of architectures) {
      const copy = ['--insecure-policy', 'copy', '-q', '-f', 'v2s2', '--dest-tls-verify=false']
      run(
        'skopeo',
        ...copy,
        `docker-archive:${sample(`${architecture}-${architecture}.buildah-docker.tar`)}`,
        `docker://${docker}:${architecture}`
      )
    }
    run(crane, 'index', 'append', '--insecure', ...architectures.flatMap((name) => ['-m', `${docker}:${name}`]), '-t', `${docker}:v1`)
    const pull = (reference: string, ...args: string[]) => asked(t, server, 'pull', reference, ...args, '--json').ended

    const whole = await pull(`${docker}:v1`, '--id', 'theirs/docker:v1')
    const part = await pull(`${docker}:v1`, '--id', 'theirs/part:v1', '--arch', 'arm64')
    const single = await pull(`${docker}@${digestAt(theirs.host, 'theirs/docker:amd64')}`, '--id', 'theirs/single:v1')

    t.equal(whole.status, 0, whole.stderr)
    t.match(JSON.parse(whole.stdout).container.images, { amd64: { verdict: 'match' }, arm64: { verdict: 'match' } })
    t.equal(digestAt(hostOf(server), 'theirs/docker:v1'), digestAt(theirs.host, 'theirs/docker:v1'))
    checkPulls(t, `${hostOf(server)}/theirs/docker:v1`)
    t.match(JSON.parse(part.stdout), {
      architectures: ['arm64'],
      digest: /^sha256:/,
      origin: new RegExp(digestAt(theirs.host, 'theirs/docker:v1'))
    })
    const { manifests } = JSON.parse(run(crane, 'manifest', '--insecure', `${hostOf(server)}/theirs/part:v1`))
    t.match(manifests, [{ digest: digestAt(theirs.host, 'theirs/docker:arm64'), platform: { architecture: 'arm64' } }])
    t.equal(single.status, 0, single.stderr)
    t.match(JSON.parse(single.stdout).container.images, { amd64: { manifest: digestAt(theirs.host, 'theirs/docker:amd64') } })
    t.throws(() =>
      run(crane, 'pull', '--insecure', '--platform', 'linux/arm64', `${hostOf(server)}/theirs/single:v1`, join(t.testdir(), 'x'))
    )
  })
}
