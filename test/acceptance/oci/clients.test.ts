import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startDockerEngine } from '../../support/docker-engine.ts'
import { type Leporello, onEngine, ready, startLeporello } from '../../support/leporello.ts'
import { goClient, run, samplesAndClients } from '../../support/oci-clients.ts'
import { type ClientTools, type RegistryClient, registryClients } from '../../support/registry-clients.ts'
import { startS3 } from '../../support/s3.ts'
import { sharedEngine } from '../../support/shared-engine.ts'

/** Every registry client pushes an image of two architectures, and pulls what each machine gets, over both stores and both kinds of blobs. */

const { sample, crane } = samplesAndClients(t)
const [regctl, oras, docker] = await Promise.all([goClient('regctl'), goClient('oras'), startDockerEngine()])
t.teardown(docker.stop)
const folder = await mkdtemp(join(tmpdir(), 'oci-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))

const archivesOf = (architecture: string) => ({
  docker: sample(`${architecture}-${architecture}.buildah-docker.tar`),
  oci: sample(`${architecture}-${architecture}.buildah-oci.tar`)
})
const archives = { amd64: archivesOf('amd64'), arm64: archivesOf('arm64') }
const absent = 'ppc64le'

/** Puts into the registry what the clients begin with. */
async function toolsFor({ url }: Leporello, name: string): Promise<ClientTools> {
  const { host } = new URL(url)
  for (const [architecture, { docker }] of Object.entries(archives))
    run(crane, 'push', '--insecure', docker, `${host}/seed:v1-${architecture}`)
  run(crane, 'push', '--insecure', archives.amd64.docker, `${host}/one:v1`)
  const layout = `${join(folder, `${name}-seed`)}:v1`
  run('skopeo', '--insecure-policy', 'copy', '-q', '--all', '--src-tls-verify=false', `docker://${host}/seed:v1`, `oci:${layout}`)
  return { folder, host, engine: docker, programs: { crane, regctl, oras }, archives, seed: 'seed:v1', layout }
}

async function checkClient(t: Test, { client, server, name }: { client: RegistryClient; server: Leporello; name: string }): Promise<void> {
  const repository = `${name}/${client.name}`
  const reference = `${repository}:v1`
  client.push(reference)

  const view = (await (await fetch(`${server.url}/api/v1/containers/${encodeURIComponent(reference)}`)).json()) as any
  t.match(view, { state: 'complete', images: { amd64: { verdict: 'match' }, arm64: { verdict: 'match' } } }, 'one record with two images')
  const digest = run(crane, 'digest', '--insecure', `${new URL(server.url).host}/${reference}`)
  for (const architecture of ['amd64', 'arm64']) {
    t.equal(client.pull(reference, architecture), architecture, `by tag for ${architecture}`)
    t.equal(client.pull(`${repository}@${digest}`, architecture), architecture, `by digest for ${architecture}`)
    t.equal(client.pull(`${reference}-${architecture}`, architecture), architecture, `by the tag of ${architecture}`)
  }
  t.throws(() => client.pull(reference, absent), { message: client.refusal(absent) }, `refused for ${absent}`)
  t.throws(() => client.pull(`${reference}-${absent}`, absent), `there is no tag for ${absent}`)
  t.throws(() => client.pull('one:v1', 'arm64'), { message: client.refusal('arm64') }, 'refused where there is only one image')
}

async function checkAll(t: Test, { settings, name }: { settings: Record<string, string>; name: string }): Promise<void> {
  const server = await startLeporello(settings)
  t.teardown(server.stop)
  await ready(server)
  for (const client of registryClients(await toolsFor(server, name))) {
    await t.test(client.name, (t) => checkClient(t, { client, server, name }))
  }
}

t.test('on the embedded store and a directory', (t) => checkAll(t, { settings: {}, name: 'embedded' }))

t.test('on Elasticsearch and S3', async (t) => {
  const [s3, engine] = await Promise.all([startS3(), sharedEngine('es7')])
  t.teardown(() => Promise.all([s3.stop(), engine.stop()]))
  const blobs = { OBJECTS: 's3', S3_ENDPOINT: s3.url, S3_BUCKET: s3.bucket, S3_REGION: 'us-east-1', S3_PATH_STYLE: 'true' }
  await checkAll(t, { settings: onEngine(engine.url, blobs), name: 'engine' })
})
