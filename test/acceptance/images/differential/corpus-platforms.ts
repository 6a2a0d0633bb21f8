import { elf, type Machine } from '../../../support/elf.ts'
import { appLayer, baseLayer, nestedOciLayout, ociLayout, oldDockerSave, parts, sha256, type TestImage } from '../../../support/images.ts'
import { type Entry, tar } from '../../../support/tar.ts'
import { type Case, descriptorOf } from './case.ts'

const indexType = 'application/vnd.oci.image.index.v1+json'
const manifestType = 'application/vnd.oci.image.manifest.v1+json'

interface Platform {
  os: string
  architecture: string
  variant?: string
  'os.version'?: string
}

/** One image of an index: what the index says, what its configuration says, and its program. */
interface Part {
  platform?: Platform | undefined
  configured?: Platform
  program?: Machine | 'exe' | 'text'
  annotations?: Record<string, string>
}

const blob = (body: Buffer | string): Entry => ({ name: `blobs/sha256/${sha256(body)}`, body })

const programs = { exe: Buffer.from(`MZ${'\0'.repeat(200)}`), text: Buffer.from('{"in-toto":1}') }

function partOf({ platform, configured = platform!, program, annotations }: Part) {
  const machine = program ?? (configured.architecture as Machine)
  const body = machine === 'exe' || machine === 'text' ? programs[machine] : elf(machine)
  const { config, layers } = parts({
    layers: [[{ name: 'app/hello', body }]],
    document: { ...configured, architecture: configured.architecture }
  })
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: descriptorOf(config, 'application/vnd.oci.image.config.v1+json'),
    layers: layers.map((bytes) => descriptorOf(bytes, 'application/vnd.oci.image.layer.v1.tar'))
  })
  const descriptor = { ...descriptorOf(manifest, manifestType), ...(platform && { platform }), ...(annotations && { annotations }) }
  return { descriptor, blobs: [config, ...layers, manifest] }
}

/** An index in an OCI layout's index.json, as BuildKit, skopeo and crane write several platforms. */
function indexCase(name: string, { list, machine = 'amd64' }: { list: Part[]; machine?: string }): Case {
  const each = list.map(partOf)
  const index = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: each.map(({ descriptor }) => descriptor) })
  const top = { ...descriptorOf(index, indexType), annotations: { 'org.opencontainers.image.ref.name': 'hello:1' } }
  const entries = [
    { name: 'oci-layout', body: '{"imageLayoutVersion":"1.0.0"}' },
    ...[...each.flatMap(({ blobs }) => blobs), index].map(blob),
    { name: 'index.json', body: JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [top] }) }
  ]
  const unique = [...new Map(entries.map((entry) => [entry.name, entry])).values()]
  return { name: `${name}@${machine}`, bytes: tar(unique), forms: ['oci-archive'], machine, choice: 'platform' }
}

const on = (architecture: string, variant?: string): Platform => ({ os: 'linux', architecture, ...(variant && { variant }) })
const linux = (architecture: Machine & string): Part => ({ platform: on(architecture) })
const windows: Part = { platform: { os: 'windows', architecture: 'amd64', 'os.version': '10.0.20348.1' }, program: 'exe' }
const wasm: Part = { platform: { os: 'wasip1', architecture: 'wasm' }, program: 'text' }
const attestation: Part = {
  platform: { os: 'unknown', architecture: 'unknown' },
  program: 'text',
  annotations: { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': `sha256:${'0'.repeat(64)}` }
}
const unknown: Part = { platform: { os: 'unknown', architecture: 'unknown' }, program: 'text' }

const lists: Record<string, Part[]> = {
  'windows-first': [windows, linux('amd64')],
  'linux-first': [linux('amd64'), windows],
  'windows-between': [linux('arm64'), windows, linux('amd64')],
  'windows-alone': [windows],
  'windows-and-arm64': [windows, linux('arm64')],
  'windows-twice': [
    windows,
    { ...windows, platform: { os: 'windows', architecture: 'amd64', 'os.version': '10.0.17763.1' } },
    linux('amd64')
  ],
  'windows-with-elf': [{ ...windows, program: 'amd64' }],
  'wasm-alone': [wasm],
  'wasm-first': [wasm, linux('amd64')],
  'wasm-as-amd64': [{ platform: { os: 'wasip1', architecture: 'amd64' }, program: 'text' }, linux('amd64')],
  'attestation-first': [attestation, linux('amd64')],
  'attestation-after': [linux('amd64'), attestation],
  'attestation-alone': [attestation],
  'unknown-first': [unknown, linux('amd64')],
  'unknown-alone': [unknown],
  'freebsd-first': [{ platform: { os: 'freebsd', architecture: 'amd64' } }, linux('amd64')],
  'darwin-and-linux': [{ platform: { os: 'darwin', architecture: 'amd64' }, program: 'text' }, linux('amd64'), linux('arm64')],
  'no-platforms': [{ configured: on('amd64') }, { configured: on('arm64') }],
  'one-without-platform': [{ configured: on('arm64') }, linux('amd64')],
  'platform-lies': [{ platform: on('amd64'), configured: on('arm64') }, linux('riscv64')],
  'platforms-crossed': [
    { platform: on('amd64'), configured: on('arm64') },
    { platform: on('arm64'), configured: on('amd64') }
  ],
  'windows-in-configuration': [{ platform: on('amd64'), configured: { os: 'windows', architecture: 'amd64' }, program: 'exe' }],
  'linux-in-configuration': [{ platform: { os: 'windows', architecture: 'amd64' }, configured: on('amd64') }],
  'same-program': ['amd64', 'arm64', 'riscv64'].map((architecture) => ({ platform: on(architecture), program: 'amd64' })),
  'amd64-levels': [{ platform: on('amd64', 'v3') }, linux('amd64')],
  'amd64-twice': [linux('amd64'), { platform: on('amd64'), program: 'arm64' }],
  'amd64-twice-other-order': [{ platform: on('amd64'), program: 'arm64' }, linux('amd64')],
  'os-in-capitals': [{ platform: { os: 'Linux', architecture: 'amd64' } }, linux('arm64')],
  aliases: [{ platform: { os: 'linux', architecture: 'x86_64' }, program: 'amd64' }, linux('arm64')]
}

/** Several programs for 32-bit ARM in one index, and what each machine gets of them. */
const arm = (variant: string | undefined, program: Machine): Part => ({ platform: on('arm', variant), program })
const armLists: Record<string, Part[]> = {
  'v6-and-v7': [arm('v6', 'arm/v5'), arm('v7', 'arm/v7')],
  'v7-and-v6': [arm('v7', 'arm/v7'), arm('v6', 'arm/v5')],
  'v5-alone': [arm('v5', 'arm/v5')],
  'v6-alone': [arm('v6', 'arm/v5')],
  'v7-soft-alone': [arm('v7', 'arm/v5')],
  'none-alone': [arm(undefined, 'arm/v7')],
  'none-and-arm64': [arm(undefined, 'arm/v7'), { platform: on('arm64', 'v8') }],
  'v7-and-arm64': [arm('v7', 'arm/v7'), { platform: on('arm64', 'v8') }]
}

export function platformCases(): Case[] {
  const cases = Object.entries(lists).flatMap(([name, list]) =>
    ['amd64', 'arm64'].map((machine) => indexCase(`platforms/${name}`, { list, machine }))
  )
  const ofArm = Object.entries(armLists).flatMap(([name, list]) =>
    ['arm/v7', 'arm/v6', 'arm/v5'].map((machine) => indexCase(`arm-index/${name}`, { list, machine }))
  )
  return [...cases, ...ofArm, ...severalCases(), ...flatCases()]
}

/** Several images for one architecture under tags of their own, as `podman save -m` and `docker save a b` write them. */
function severalCases(): Case[] {
  const image = (tag: string, machine: Machine): TestImage => ({ tags: [tag], layers: [baseLayer(machine), appLayer(machine)] })
  const pairs: [string, [TestImage, TestImage]][] = [
    ['right-and-wrong', [image('docker.io/library/one:1', 'amd64'), image('docker.io/library/two:1', 'arm64')]],
    ['wrong-and-right', [image('docker.io/library/one:1', 'arm64'), image('docker.io/library/two:1', 'amd64')]],
    [
      'both-right',
      [image('docker.io/library/one:1', 'amd64'), { ...image('docker.io/library/two:1', 'amd64'), config: { Labels: { n: '2' } } }]
    ]
  ]
  return pairs.flatMap(([name, images]) => {
    const bytes = tar(inOneArchive(images.map(oldDockerSave)))
    const layout = tar(ociLayout(...images))
    const one = (tag: string | undefined): Case[] => {
      const asked = { machine: 'amd64', choice: 'tag' as const, ...(tag && { tag }) }
      const title = `several/${name}-${tag?.split('/').at(-1) ?? 'untold'}`
      return [
        { name: `${title}.old`, bytes, forms: ['docker-archive'], ...asked },
        { name: `${title}.oci`, bytes: layout, forms: ['oci-archive'], ...asked }
      ]
    }
    return [undefined, 'docker.io/library/one:1', 'docker.io/library/two:1'].flatMap(one)
  })
}

/** Several archives as one: all their members, and one manifest.json with all that theirs name. */
function inOneArchive(archives: Entry[][]): Entry[] {
  const manifests = archives.flatMap(
    (entries) => JSON.parse(String(entries.find(({ name }) => name === 'manifest.json')!.body)) as object[]
  )
  const members = archives.flat().filter(({ name }) => name !== 'manifest.json' && name !== 'repositories')
  const unique = [...new Map(members.map((entry) => [entry.name, entry])).values()]
  return [...unique, { name: 'manifest.json', body: JSON.stringify(manifests) }]
}

/** Several platforms in index.json itself, without and with an index below it. */
function flatCases(): Case[] {
  const arm64: TestImage = { architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] }
  const of = (name: string, entries: Entry[]): Case[] =>
    ['amd64', 'arm64'].map((machine) => ({
      name: `flat/${name}@${machine}`,
      bytes: tar(entries),
      forms: ['oci-archive'] as const,
      machine,
      choice: 'platform' as const
    }))
  return [
    ...of('two', ociLayout({ tags: ['v1'] }, { ...arm64, tags: ['v2'] })),
    ...of('two-one-tag', ociLayout({ tags: ['v1'] }, { ...arm64, tags: ['v1'] })),
    ...of('nested', nestedOciLayout({}, arm64)),
    ...of('nested-other-order', nestedOciLayout(arm64, {}))
  ]
}
