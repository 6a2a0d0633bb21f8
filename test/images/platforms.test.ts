import t from 'tap'
import { type InspectOptions, inspectImage } from '../../src/images/inspect-image.ts'
import { reportOnProven } from '../../src/images/overall-verdict.ts'
import { elf } from '../support/elf.ts'
import {
  appLayer,
  baseLayer,
  inChunks,
  nestedOciLayout,
  ociLayout,
  oldDockerSave,
  severalSaved,
  type TestImage
} from '../support/images.ts'
import { type Entry, tar } from '../support/tar.ts'

const inspect = async (entries: readonly Entry[], options: InspectOptions = {}) =>
  (await inspectImage(inChunks(tar(entries)), options)).report

const executable = Buffer.from(`MZ${'\0'.repeat(100)}`)
const windows: TestImage = {
  os: 'windows',
  layers: [[{ name: 'Files/app.exe', body: executable }]],
  config: { Entrypoint: ['C:\\app.exe'] }
}
const linux: TestImage = {}
const arm64: TestImage = { architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] }
const wasm: TestImage = {
  os: 'wasi',
  architecture: 'wasm',
  layers: [[{ name: 'app.wasm', body: Buffer.from('\0asm\x01\0\0\0') }]],
  config: { Entrypoint: ['/app.wasm'] }
}
const attestation: TestImage = {
  os: 'unknown',
  architecture: 'unknown',
  layers: [[{ name: 'a', body: '{}' }]],
  config: { Entrypoint: null }
}

for (const [title, images] of Object.entries({
  'Windows first': [windows, linux],
  'Linux first': [linux, windows],
  'WebAssembly beside it': [wasm, linux],
  'an attestation beside it': [linux, attestation],
  'all of them': [attestation, wasm, windows, linux]
})) {
  t.test(`of an index with images for several systems, the one for Linux counts: ${title}`, async (t) => {
    for (const write of [ociLayout, nestedOciLayout]) {
      const unclaimed = await inspect(write(...images))
      const claimed = await inspect(write(...images), { claimed: 'amd64' })
      const wrong = await inspect(write(...images), { claimed: 'arm64' })

      t.match(unclaimed, { verdict: 'match', architecture: 'amd64' })
      t.match(claimed, {
        verdict: 'match',
        architecture: 'amd64',
        summary: /the one for amd64: the entry point "\/app\/hello" is amd64, .* as claimed$/
      })
      t.match(wrong, { verdict: 'mislabelled', summary: /configuration says amd64/ })
      t.equal(claimed.images.filter(({ claimed }) => claimed === 'amd64').length, 1, 'no other image is called amd64')
    }
  })
}

t.test('images for Windows alone, WebAssembly alone and attestations alone are for no Linux machine, and the words say so', async (t) => {
  for (const [image, platform] of [
    [windows, 'windows/amd64'],
    [wasm, 'wasi/wasm'],
    [attestation, 'unknown/unknown'],
    [{ ...linux, os: 'freebsd' }, 'freebsd/amd64'],
    [{ ...wasm, os: 'linux' }, 'linux/wasm']
  ] satisfies [TestImage, string][]) {
    const unclaimed = await inspect(oldDockerSave(image))
    const claimed = await inspect(oldDockerSave(image), { claimed: 'x86_64' })

    t.match(unclaimed, { verdict: 'mislabelled', architecture: null, summary: `the image is for ${platform}, which no Linux machine runs` })
    t.match(claimed, {
      verdict: 'mislabelled',
      architecture: null,
      summary: `claimed to be amd64, but the image's configuration says ${platform}`
    })
  }
  const both = await inspect(ociLayout(windows, wasm), { claimed: 'amd64' })
  t.match(both, {
    verdict: 'mislabelled',
    architecture: null,
    summary: 'none of the 2 images is for Linux; they are for windows/amd64, wasi/wasm'
  })
})

t.test('an operating system may be missing, or written in capitals', async (t) => {
  for (const os of ['', null, 'Linux'])
    t.match(await inspect(oldDockerSave({ document: { os } })), { verdict: 'match', architecture: 'amd64' })
})

t.test('layers of a Windows image that are left out of the archive harm nothing', async (t) => {
  const entries = ociLayout(windows, linux)
  const layer = ociLayout(windows).find(({ body }) => String(body).includes('app.exe') && !String(body).startsWith('{'))!

  const report = await inspect(entries.filter(({ name }) => name !== layer.name))

  t.match(report, { verdict: 'match', architecture: 'amd64', problems: [{ code: 'layer_absent', fatal: false }] })
})

t.test('an entry point for another system makes a Linux image wrong; what a program merely opens does not', async (t) => {
  const start = (body: Buffer, config: Record<string, unknown>, layers: Entry[][] = [baseLayer()]) =>
    inspect(
      oldDockerSave({
        layers: [
          ...layers,
          [
            { name: 'app.exe', body },
            { name: 'usr/bin/mono', body: elf('amd64') }
          ]
        ],
        config
      }),
      { claimed: 'amd64' }
    )

  t.match(await start(executable, { Entrypoint: ['/app.exe'] }), {
    verdict: 'mixed',
    summary: 'is amd64, but the entry point "/app.exe" is a Windows executable, which Linux does not run'
  })
  t.match(await start(Buffer.from('\0asm\x01\0\0\0'), { Entrypoint: null, Cmd: ['/app.exe'] }, []), {
    verdict: 'mislabelled',
    summary: 'claimed to be amd64, but the command "/app.exe" is a WebAssembly module'
  })
  t.match(await start(executable, { Entrypoint: ['mono'], Cmd: ['/app.exe'] }), { verdict: 'match' })
})

const go = (...layers: Entry[][]): Partial<TestImage> => ({ layers: [[{ name: 'app/hello', body: elf('arm') }], ...layers] })

t.test('programs of Go do not tell their variant: what the configuration says holds', async (t) => {
  const v7 = { architecture: 'arm', variant: 'v7', ...go() }
  const v6 = { architecture: 'arm', variant: 'v6', ...go() }

  t.match(await inspect(oldDockerSave(v7)), { verdict: 'match', architecture: 'arm/v7', claimed: null })
  t.match(await inspect(oldDockerSave(v6)), { verdict: 'match', architecture: 'arm/v6' })
  t.match(await inspect(oldDockerSave({ architecture: 'arm', ...go() })), { verdict: 'match', architecture: 'arm/v7' })
  t.match(await inspect(oldDockerSave({ architecture: 'arm', variant: '6', ...go() })), { verdict: 'match', architecture: 'arm/v6' })
  t.match(await inspect(oldDockerSave(v7), { claimed: 'arm64' }), {
    verdict: 'mislabelled',
    architecture: 'arm/v7',
    images: [{ decisive: [{ architecture: 'arm' }], census: { machines: [{ architecture: 'arm' }] } }]
  })
  t.match(await inspect(oldDockerSave(v7), { claimed: 'armv6l' }), {
    verdict: 'mislabelled',
    architecture: 'arm/v7',
    summary: /configuration says arm\/v7; its programs are for 32-bit ARM of an unknown variant/
  })
})

t.test('a v6 image as arm/v7 is no lie, and the summary says it', async (t) => {
  const report = await inspect(oldDockerSave({ architecture: 'arm', variant: 'v6', ...go() }), { claimed: 'arm/v7' })

  t.match(report, {
    verdict: 'match',
    architecture: 'arm/v7',
    summary: 'the entry point "/app/hello" is 32-bit ARM; the configuration says arm/v6, which arm/v7 machines run'
  })
})

t.test('without any word of a configuration, 32-bit ARM is taken for v7, and nothing is said of its variant', async (t) => {
  const report = await inspect(oldDockerSave({ document: { architecture: '', os: '' }, ...go() }))

  t.match(report, { verdict: 'match', architecture: 'arm/v7', summary: /32-bit ARM of an unknown variant/ })
})

t.test('some call arm64 arm/v8: its programs decide', async (t) => {
  const image = { architecture: 'arm', variant: 'v8', layers: [baseLayer('arm64'), appLayer('arm64')] }

  t.match(await inspect(oldDockerSave(image)), { verdict: 'match', architecture: 'arm64' })
  t.match(await inspect(oldDockerSave(image), { claimed: 'aarch64' }), { verdict: 'match', architecture: 'arm64' })
  t.match(await inspect(oldDockerSave({ ...image, layers: [baseLayer('arm'), appLayer('arm')] }), { claimed: 'arm64' }), {
    verdict: 'mislabelled'
  })
})

t.test(
  'an archive of which all bytes are for one architecture is judged by the image for it, when it is brought as that one',
  async (t) => {
    const amd = { layers: [baseLayer(), appLayer()] }
    const entries = ociLayout(amd, { ...amd, architecture: 'arm64' }, { ...amd, architecture: 'arm', variant: 'v7' })

    const unclaimed = await inspect(entries)
    const claimed = await inspect(entries, { claimed: 'amd64' })

    t.match(unclaimed, { verdict: 'mislabelled', architecture: 'amd64' }, 'somebody who only looks is told the worst')
    t.match(claimed, { verdict: 'match' })
    t.strictSame(reportOnProven(unclaimed, { container: 'hello:1' }), claimed)
    t.equal(reportOnProven(claimed, { container: 'hello:1' }), claimed)
  }
)

const named = (tag: string, app = 'one'): TestImage => ({
  tags: [tag],
  layers: [baseLayer(), [{ name: 'app/hello', body: elf('amd64') }, { name: app }]]
})

t.test('of several images for one architecture, the one with the tag of the container is meant; else the report lists them', async (t) => {
  const entries = severalSaved(named('registry.example/hello:1', 'one'), named('hello:2', 'two'), arm64)

  const tagged = await inspect(entries, { claimed: 'amd64', container: 'hello:1' })
  const untagged = await inspect(entries, { claimed: 'amd64', container: 'other:1' })
  const arm = await inspect(entries, { claimed: 'arm64', container: 'other:1' })

  t.match(tagged, { verdict: 'match', problems: [], summary: /^of 3 images, the one for amd64/ })
  t.match(untagged, { verdict: 'match', summary: /^of 3 images, 2 qualify/, problems: [{ code: 'images_ambiguous', fatal: false }] })
  t.match(untagged.problems[0]!.message, /2 images for amd64.*"registry.example\/hello:1"; "hello:2"/)
  t.match(arm, { verdict: 'match', problems: [] })
})

t.test('one image under two names, or packed in two ways, is one', async (t) => {
  const twice = ociLayout(named('v1'), { ...named('v1'), packing: 'zstd' })

  t.match(await inspect(twice, { claimed: 'amd64' }), { verdict: 'match', problems: [] })
})

t.test('of several variants of 32-bit ARM, the newest that the machines run is meant', async (t) => {
  const variant = (name: string): TestImage => ({ architecture: 'arm', variant: name, ...go([{ name }]) })
  const entries = ociLayout(variant('v5'), variant('v6'), linux)

  t.match(await inspect(entries, { claimed: 'arm/v7' }), { verdict: 'match', summary: /the one for arm\/v6/ })
  t.match(await inspect(entries, { claimed: 'arm/v5' }), { verdict: 'match', summary: /the one for arm\/v5/ })
  t.match(await inspect(ociLayout(variant('v7'), linux), { claimed: 'arm/v6' }), {
    verdict: 'mislabelled',
    summary: /none of the 2 images is for arm\/v6/
  })
})

t.test('loaders choose by the platform in the index: an image that it calls by another name is mislabelled', async (t) => {
  const crossed = ociLayout(
    { ...linux, platform: { os: 'linux', architecture: 'arm64' } },
    { ...arm64, platform: { os: 'linux', architecture: 'amd64' } }
  )

  t.match(await inspect(crossed, { claimed: 'amd64' }), {
    verdict: 'mislabelled',
    summary: /the index says arm64, but the image's configuration says amd64; its programs are for amd64/
  })
  t.match(await inspect(ociLayout({ platform: { os: 'windows', architecture: 'amd64' } })), {
    verdict: 'mislabelled',
    summary: /index says windows\/amd64/
  })
  for (const platform of [
    { os: 'Linux', architecture: 'x86_64' },
    { os: 'linux', architecture: 'amd64', variant: 'v2' }
  ]) {
    t.match(await inspect(ociLayout({ platform })), { verdict: 'match', architecture: 'amd64' })
  }
})

t.test('where a configuration names no architecture, the index does', async (t) => {
  const unnamed = { document: { architecture: '', os: '' } }
  const entries = ociLayout({ ...linux, ...unnamed, platform: { os: 'linux', architecture: 'amd64' } }, arm64)

  t.match(await inspect(entries, { claimed: 'amd64' }), { verdict: 'match', architecture: 'amd64', problems: [] })
  t.match(await inspect(ociLayout({ ...unnamed, platform: { os: 'linux', architecture: 'arm64' } })), {
    verdict: 'mislabelled',
    architecture: 'amd64'
  })
})
