import { execFile, spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { startDistribution } from '../support/distribution.ts'
import { appLayer } from '../support/images.ts'
import { startLeporello } from '../support/leporello.ts'
import { digestOfBytes, imageToPush, indexOf, ociPusher, overHttp } from '../support/oci.ts'
import { projectFolder } from '../support/project.ts'
import { pythonWith } from '../support/python.ts'

/*
 * TripleO's own code (tripleo-common, unmodified) with its own template, asking registries over /v2/, beside `leporello discover`: what they find is the
 * same, compared as data.
 */

const run = promisify(execFile)
const folder = join(projectFolder, 'test/acceptance/tripleo')
const python = await pythonWith(join(folder, 'requirements.txt'))

type Keys = Record<string, string>

interface Prepared {
  parameters: Record<string, unknown>
  images: { imagename: string }[]
  refused?: string
}

async function tripleo<Answer>(given?: { set: Keys; tag_from_label?: string; excludes?: string[] }): Promise<Answer> {
  const { stdout } = await run(python, [join(folder, 'prepare.py'), ...(given ? [JSON.stringify(given)] : [])], { maxBuffer: 1 << 24 })
  return JSON.parse(stdout)
}

const { template, set: defaults } = await tripleo<{ template: string; set: Keys }>()

/** The template's keys, with all of its images in one registry. */
const keysFor = (host: string): Keys =>
  Object.fromEntries(
    Object.entries(defaults).map(([key, value]) => [
      key,
      key.endsWith('namespace') ? `${host}/${String(value).split('/').at(-1)}` : String(value)
    ])
  )

const labelled = (imagename: string): boolean => imagename.includes('/openstack-')
const versionOf = (imagename: string): string => `${imagename.length}a${imagename.split('/').at(-1)!.length}_current`
const listType = 'application/vnd.docker.distribution.manifest.list.v2+json'

/** Pushes each image under its tag in the list, and those that are built by TripleO also under the tag that their labels name. */
async function fill(host: string, imagenames: readonly string[]): Promise<void> {
  const push = ociPusher(overHttp(`http://${host}`))
  const put = async (repository: string, architecture: string, config: object) => {
    const { blobs, manifest } = imageToPush({ architecture, layers: [appLayer(architecture as 'amd64')], config: { ...config } })
    for (const bytes of blobs) await push.blob(repository, bytes)
    return manifest
  }
  for (const imagename of imagenames) {
    const [, repository, tag] = /^[^/]+\/(.+):([^:]+)$/.exec(imagename) as unknown as [string, string, string]
    const rdo_version = versionOf(repository)
    const [version, release] = rdo_version.split('_') as [string, string]
    const Labels = labelled(imagename) ? { rdo_version, version, release, built: `${version}-${release}` } : { maintainer: 'others' }
    const amd64 = await put(repository, 'amd64', { Labels })
    const manifests = [{ bytes: amd64, architecture: 'amd64' }]
    let pushed = { bytes: amd64, type: JSON.parse(amd64.toString()).mediaType as string }
    // what docker manifest push makes of two architectures
    if (imagename.includes('nova-')) {
      const arm64 = await put(repository, 'arm64', { Labels: { rdo_version: 'of-another-architecture' } })
      manifests.push({ bytes: arm64, architecture: 'arm64' })
      for (const { bytes } of manifests) await push.manifest(repository, digestOfBytes(bytes), { bytes })
      pushed = { bytes: indexOf(manifests, listType), type: listType }
    }
    for (const name of [tag, ...(labelled(imagename) ? [rdo_version, `${version}-${release}`] : [])]) {
      const reply = await push.manifest(repository, name, pushed)
      if (reply.statusCode !== 201) throw new Error(`${imagename}: ${reply.statusCode} ${reply.body}`)
    }
  }
}

interface Found {
  status: number
  images: { imagename: string }[]
  parameters: Record<string, unknown>
  leftOut: string[]
}

/** What ours finds, as the files that it writes. */
async function discover(t: Test, { keys, options }: { keys: Keys; options: readonly string[] }): Promise<Found> {
  const files = t.testdir()
  const [images, env] = [join(files, 'images.yaml'), join(files, 'env.yaml')]
  const assignments = Object.entries(keys).map(([key, value]) => `${key}=${value}`)
  const args = ['discover', '--template', template, ...options, '--output-images-file', images, '--output-env-file', env, ...assignments]
  const { status, stderr } = spawnSync('node', [join(projectFolder, 'build/src/main.js'), ...args], { encoding: 'utf8' })
  const read = async (file: string) => parse(await readFile(file, 'utf8'))
  return {
    status: status ?? 1,
    // the original leaves these out of its list
    images: (await read(images)).container_images.map(({ params: _, services: __, ...entry }: Record<string, unknown>) => entry),
    parameters: (await read(env)).parameter_defaults,
    leftOut: stderr.split('\n').filter((line) => line.startsWith('left out: '))
  }
}

async function compare(t: Test, { keys, registries }: { keys: Keys; registries: readonly string[][] }): Promise<void> {
  for (const tag_from_label of ['rdo_version', '{version}-{release}']) {
    const theirs = await tripleo<Prepared>({ set: keys, tag_from_label })
    t.equal(theirs.refused, undefined)
    t.equal(theirs.images.length, 95, 'entries of the template')
    const tags = theirs.images.map(({ imagename }) => imagename.split(':').at(-1)!)
    t.equal(tags.filter((tag) => tag.endsWith(tag_from_label === 'rdo_version' ? '_current' : '-current')).length, 86)
    for (const registry of registries) {
      const ours = await discover(t, { keys, options: [...registry, '--tag-from-label', tag_from_label] })
      const what = `${tag_from_label}, ${registry.join(' ')}`
      t.strictSame(ours.images, theirs.images, `${what}: the same images`)
      t.strictSame(ours.parameters, theirs.parameters, `${what}: the same Heat parameters`)
      t.strictSame([ours.status, ours.leftOut], [0, []])
    }
  }

  // an image that is not there: the original ends there; ours leaves it out, and says so
  const without = { ...keys, ceph_tag: 'none-such' }
  t.match((await tripleo<Prepared>({ set: without, tag_from_label: 'rdo_version' })).refused, /daemon:none-such/)
  const theirs = await tripleo<Prepared>({ set: without, tag_from_label: 'rdo_version', excludes: ['/daemon:'] })
  for (const registry of registries) {
    const ours = await discover(t, { keys: without, options: [...registry, '--tag-from-label', 'rdo_version'] })
    t.strictSame([ours.images, ours.parameters], [theirs.images, theirs.parameters], `${registry[0]}: without the one that is missing`)
    t.equal(ours.leftOut.length, 1)
    t.match(ours.leftOut[0], /daemon:none-such: .*none-such/)
  }
}

t.test('the original and ours find the same in a catalogue of ours: asked over /v2/, and by its own API', async (t) => {
  const server = await startLeporello()
  t.teardown(() => server.stop())
  const { host } = new URL(server.url)
  const keys = keysFor(host)
  const { images } = await tripleo<Prepared>({ set: keys })
  await fill(host, [...new Set(images.map(({ imagename }) => imagename))])

  await compare(t, {
    keys,
    registries: [
      ['--url', server.url],
      ['--registry', host]
    ]
  })
})

t.test('the original and ours find the same in a distribution registry', async (t) => {
  const registry = await startDistribution()
  t.teardown(() => registry.stop())
  const keys = keysFor(registry.host)
  const { images } = await tripleo<Prepared>({ set: keys })
  await fill(registry.host, [...new Set(images.map(({ imagename }) => imagename))])

  await compare(t, { keys, registries: [['--registry', registry.host]] })
})
