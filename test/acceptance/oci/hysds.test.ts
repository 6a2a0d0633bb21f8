import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { startDockerEngine } from '../../support/docker-engine.ts'
import { ready, startLeporello } from '../../support/leporello.ts'
import { mozartClient } from '../../support/mozart-client.ts'
import { goClient, run, runWith, samplesAndClients } from '../../support/oci-clients.ts'
import { freePort } from '../../support/processes.ts'
import { projectFolder } from '../../support/project.ts'
import { pythonWith, pythonWithClients } from '../../support/python.ts'

/**
 * HySDS's builder and its workers, with a real Docker engine: what build-container.bash asks of docker, and what worker.py does, which runs the
 * workers' own code where HYSDS_SOURCES says so. And ko, which builds and pushes for several architectures at once.
 */

const { sample, crane } = samplesAndClients(t)
const engine = await startDockerEngine()
t.teardown(engine.stop)
const { docker } = engine
const server = await startLeporello()
t.teardown(server.stop)
await ready(server)
const { host } = new URL(server.url)
const folder = await mkdtemp(join(tmpdir(), 'oci-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))

const architectures = ['amd64', 'arm64'] as const
type Architecture = (typeof architectures)[number]
const thisMachine: Architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'

/** Makes a folder with a program for a machine, and the Dockerfile of an image of it. */
async function buildContext(architecture: Architecture): Promise<string> {
  const context = join(folder, `context-${architecture}`)
  await mkdir(context)
  const archive = sample(`${architecture}-${architecture}.buildah-docker.tar`)
  run('sh', '-c', '"$1" export - "$2" <"$3"', 'sh', crane, join(context, 'root.tar'), archive)
  await writeFile(join(context, 'Dockerfile'), 'FROM scratch\nADD root.tar /\nENTRYPOINT ["/usr/bin/hello"]\n')
  return context
}

const contexts = { amd64: await buildContext('amd64'), arm64: await buildContext('arm64') }
// the docker of this machine may come without buildx
const build = runWith({ ...engine.environment, DOCKER_BUILDKIT: '0' })
const buildImage = (product: string, architecture: Architecture) =>
  build('docker', 'build', '-q', '--platform', `linux/${architecture}`, '--rm', '--force-rm', '-t', product, contexts[architecture])

const viewOf = async (id: string) => (await fetch(`${server.url}/api/v1/containers/${encodeURIComponent(id)}`)).json() as any

async function checkBoth(t: Test, id: string): Promise<void> {
  t.match(await viewOf(id), { state: 'complete', images: { amd64: { verdict: 'match' }, arm64: { verdict: 'match' } } }, id)
  for (const architecture of architectures) {
    docker('pull', '-q', '--platform', `linux/${architecture}`, `${host}/${id}`)
    t.equal(docker('image', 'inspect', '-f', '{{.Architecture}}', `${host}/${id}`), architecture, `${id} on ${architecture}`)
  }
}

t.test(
  'build-container.bash: a push for each platform, an index under the id, container/add with tarballs that are elsewhere',
  async (t) => {
    const product = 'container-builder:v1'
    for (const [architecture, suffix] of [
      ['amd64', ''],
      ['arm64', '-arm64']
    ] as const) {
      buildImage(product, architecture)
      docker('tag', product, `${host}/${product}${suffix}`)
      docker('push', '-q', `${host}/${product}${suffix}`)
    }
    const digest = docker('inspect', '--format={{index .Id}}', product)
    // buildx pushes the index; it builds the same images once more for it
    run(crane, 'index', 'append', '--insecure', '-m', `${host}/${product}`, '-m', `${host}/${product}-arm64`, '-t', `${host}/${product}`)
    await checkBoth(t, product)

    const amd64 = `s3://bucket/${product}.tar.gz`
    const arm64 = `s3://bucket/${product}-arm64.tar.gz`
    const urls = JSON.stringify({ x86_64: amd64, amd64, arm64, aarch64: arm64 })
    const form = { name: product, version: 'v1', url: amd64, resource: 'container', digest, urls }
    t.equal((await mozartClient(server.url).add(form)).status, 200)
    for (const architecture of architectures) {
      docker('pull', '-q', '--platform', `linux/${architecture}`, `${host}/${product}`)
      t.equal(docker('image', 'inspect', '-f', '{{.Architecture}}', `${host}/${product}`), architecture, 'and it is still pulled')
    }
  }
)

t.test('a pipeline for each architecture pushes its tag, and nobody joins them; the whole is pulled under another name, too', async (t) => {
  for (const architecture of architectures) {
    const image = `${host}/container-pipelines:v1-${architecture}`
    buildImage(image, architecture)
    docker('push', '-q', image)
  }
  await checkBoth(t, 'container-pipelines:v1')

  for (const architecture of architectures) {
    docker('pull', '-q', '--platform', `linux/${architecture}`, `${host}/container-pipelines:v1`)
    docker('tag', `${host}/container-pipelines:v1`, `${host}/container-pipelines:stable`)
    docker('push', '-q', `${host}/container-pipelines:stable`)
  }
  await checkBoth(t, 'container-pipelines:stable')
  t.doesNotThrow(() => docker('run', '--rm', '--network', 'none', `${host}/container-pipelines:v1-${thisMachine}`), 'and it runs')
})

/** What a worker on this machine has for a container after it made sure that the image is there. */
async function worker(id: string, registry: string): Promise<{ Architecture: string; RepoTags: string[] }> {
  const clients = join(projectFolder, 'test/acceptance/clients')
  const isTheirs = process.env['HYSDS_SOURCES'] !== undefined
  const python = await (isTheirs ? pythonWith(join(clients, 'hysds-requirements.txt')) : pythonWithClients())
  const { result } = (await mozartClient(server.url).info(id)).body
  const cache = await mkdtemp(join(folder, 'cache-'))
  const env = { ...engine.environment, CONTAINER_REGISTRY: registry }
  const { stdout } = await promisify(execFile)(python, [join(clients, 'worker.py'), id, JSON.stringify(result), cache], { env, cwd: cache })
  return JSON.parse(stdout)
}

t.test('a worker pulls through CONTAINER_REGISTRY, and loads by URL where the registry is away', async (t) => {
  const id = 'container-worker:v1'
  for (const architecture of architectures) {
    const image = `${host}/${id}-${architecture}`
    buildImage(image, architecture)
    docker('push', '-q', image)
  }

  docker('system', 'prune', '-af')
  const pulled = await worker(id, host)
  t.equal(pulled.Architecture, thisMachine)
  t.strictSame(pulled.RepoTags.sort(), [`${host}/${id}`, id].sort(), 'it came from the registry')

  docker('system', 'prune', '-af')
  const loaded = await worker(id, `127.0.0.1:${await freePort()}`)
  t.equal(loaded.Architecture, thisMachine)
  t.strictSame(loaded.RepoTags, [id], 'it came as a tarball, which names it')
})

t.test('ko builds for two architectures, mounts the base, and pushes lists of what is inside, which are no containers', async (t) => {
  const source = join(folder, 'source')
  await mkdir(source)
  await writeFile(join(source, 'go.mod'), 'module example.org/hello\n\ngo 1.21\n')
  await writeFile(join(source, 'main.go'), 'package main\n\nfunc main() { println("hello from ko") }\n')
  const env = { ...engine.environment, KO_DOCKER_REPO: `${host}/ko/hello`, KO_DEFAULTBASEIMAGE: `${host}/container-pipelines:v1` }

  const build = ['build', '--bare', '--insecure-registry', '--platform=linux/amd64,linux/arm64', '-t', 'v1', '.']
  await promisify(execFile)(await goClient('ko'), build, { env, cwd: source })

  await checkBoth(t, 'ko/hello:v1')
  const tags = run(crane, 'ls', '--insecure', `${host}/ko/hello`).split('\n')
  t.equal(tags.filter((tag) => tag.endsWith('.sbom')).length, 3, 'one for each image, one for the index')
  const { items } = (await (await fetch(`${server.url}/api/v1/containers?limit=500`)).json()) as { items: { id: string }[] }
  t.strictSame(
    items.filter(({ id }) => id.startsWith('ko/')).map(({ id }) => id),
    ['ko/hello:v1']
  )
})
