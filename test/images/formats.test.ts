import t from 'tap'
import type { ImageReport } from '../../src/images/image-report.ts'
import { type InspectOptions, inspectImage } from '../../src/images/inspect-image.ts'
import {
  appLayer,
  baseLayer,
  craneTarball,
  inChunks,
  nestedOciLayout,
  newDockerSave,
  ociLayout,
  oldDockerSave,
  type Packing,
  pack,
  sha256,
  skopeoArchive
} from '../support/images.ts'
import { type Entry, tar } from '../support/tar.ts'

const inspect = async (bytes: Buffer, options: InspectOptions & { chunk?: number } = {}) =>
  (await inspectImage(inChunks(bytes, options.chunk), options)).report

/** A report without the places of members, which depend on their order. */
const withoutOffsets = (report: ImageReport): ImageReport =>
  JSON.parse(JSON.stringify(report, (key, value: unknown) => (key === 'offset' ? undefined : value)))

const writers = { oldDockerSave, newDockerSave, craneTarball, skopeoArchive, ociLayout }

for (const [name, writer] of Object.entries(writers)) {
  for (const layers of ['none', 'gzip', 'zstd'] satisfies Packing[]) {
    t.test(`${name} with layers packed by ${layers} is read whichever way it is packed and whatever order it is in`, async (t) => {
      const entries = writer({ packing: layers })
      const orders: Entry[][] = [entries, entries.toReversed()]
      const { tarball: _, ...expected } = withoutOffsets(await inspect(tar(entries)))

      t.equal(expected.verdict, 'match', expected.summary)
      t.strictSame(expected.problems, [])
      t.equal(expected.architecture, 'amd64')
      for (const order of orders) {
        for (const whole of ['none', 'gzip', 'zstd'] satisfies Packing[]) {
          const bytes = pack(tar(order), whole)

          const report = await inspect(bytes, { chunk: 1000 })

          const { tarball, ...rest } = withoutOffsets(report)
          t.strictSame(rest, expected)
          for (const { config, layers } of report.images) {
            for (const { digest, size, offset } of [config!, ...layers]) {
              if (typeof offset === 'number' && size !== null)
                t.equal(`sha256:${sha256(tar(order).subarray(offset, offset + size))}`, digest, 'they are at this offset')
            }
          }
          t.equal(tarball.sha256, sha256(bytes))
          t.equal(tarball.size, bytes.length)
          t.equal(tarball.compression, whole)
          t.equal(tarball.unpackedSize, tar(order).length)
        }
      }
    })
  }
}

t.test('one image has the same derived manifest in every docker-archive', async (t) => {
  const digests = new Set<string>()

  for (const writer of [oldDockerSave, craneTarball, skopeoArchive]) {
    const { images } = await inspect(tar(writer()))
    t.equal(images[0]!.manifest!.derived, true)
    digests.add(images[0]!.manifest!.digest)
  }

  t.equal(digests.size, 1)
})

t.test('what an image says of itself is in the report', async (t) => {
  const labels = { 'org.opencontainers.image.base.name': 'debian:12', 'org.opencontainers.image.base.digest': 'sha256:abc' }
  const bytes = tar(oldDockerSave({ tags: ['a:1', 'b:2'], config: { Cmd: ['--help'], Labels: labels, User: 'ops', WorkingDir: '/work' } }))

  const [image] = (await inspect(bytes)).images

  t.strictSame(image!.tags, ['a:1', 'b:2'])
  t.strictSame(image!.base, { name: 'debian:12', digest: 'sha256:abc' })
  t.match(image!.config, {
    os: 'linux',
    architecture: 'amd64',
    variant: null,
    created: '2026-01-02T03:04:05Z',
    entrypoint: ['/app/hello'],
    command: ['--help'],
    path: '/usr/local/bin:/usr/bin:/bin',
    user: 'ops',
    workingDirectory: '/work',
    labels
  })
  t.strictSame(
    image!.layers.map(({ createdBy }) => createdBy),
    ['step 0', 'step 1']
  )
})

t.test('an image that stands in manifest.json and in index.json is one, with the tags of both and its own manifest', async (t) => {
  const { images, formats } = await inspect(tar(newDockerSave({ tags: ['hello:1'] })))

  t.equal(images.length, 1)
  t.strictSame(formats, ['docker-archive', 'oci-layout'])
  t.strictSame(images[0]!.tags, ['hello:1'])
  t.equal(images[0]!.manifest!.derived, false)
})

t.test('each platform of a nested index is an image; a claim is answered by its own platform', async (t) => {
  const arm = { architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] }
  const bytes = tar(nestedOciLayout({}, arm))

  const all = await inspect(bytes)
  const claimed = await inspect(bytes, { claimed: 'aarch64' })
  const wrong = await inspect(bytes, { claimed: 's390x' })

  t.strictSame(
    all.images.map(({ architecture, verdict }) => [architecture, verdict]),
    [
      ['amd64', 'match'],
      ['arm64', 'match']
    ]
  )
  t.match(all, { verdict: 'match', architecture: null })
  t.match(claimed, { verdict: 'match', architecture: 'arm64' })
  t.match(wrong, { verdict: 'mislabelled', summary: 'none of the 2 images is for s390x; they are for amd64, arm64' })
})

t.test('a platform that an index names and the archive does not hold is listed, not missed', async (t) => {
  const arm = { architecture: 'arm64', layers: [appLayer('arm64')] }
  const both = nestedOciLayout({}, arm)
  const armOnly = new Set(nestedOciLayout(arm).map(({ name }) => name))
  const amd = new Set(nestedOciLayout({}).map(({ name }) => name))
  const entries = both.filter(({ name }) => !armOnly.has(name) || amd.has(name))

  const report = await inspect(tar(entries))

  t.equal(report.verdict, 'match', report.summary)
  t.match(report.absent, [{ platform: 'linux/arm64' }])
})

t.test('a digest that was asked for is found, whatever it is the digest of', async (t) => {
  const bytes = tar(craneTarball())
  const { images, tarball } = await inspect(bytes)
  const [image] = images
  const cases = {
    tarball: tarball.sha256!,
    config: `hello@${image!.config!.digest}`,
    'derived-manifest': image!.manifest!.digest.toUpperCase().replace('SHA', 'sha'),
    layer: image!.layers[0]!.digest!,
    'diff-id': image!.layers[1]!.diffId!
  }

  for (const [what, digest] of Object.entries(cases)) {
    const answer = (await inspect(bytes, { digest })).digest
    t.match(answer?.matches, [{ what }], what)
  }
  t.strictSame((await inspect(bytes, { digest: 'latest' })).digest, { given: 'latest', matches: [] })
})

/** An arm64 image that `zstd -19` packed, with all that a real compressor does. */
const packedByZstd = [
  'KLUv/WQAWbUeAGZviitgT9owDMMwLGcalpDbIFKftpIrB21tXix1/gXQFtmbW6aUai9NChiIRyQBewCAAIMAzb58kXq5invbxr2XWWPpYB5HViLJowsaX85t',
  '8zjSW9vuKE6U6EMiZkQpi6KOEmnLOWbmB5I4mqXwFjTNvL0gIhwoJhYsmt0mipPk0XhB09g6dnfbVN43a439fHQ1yv41f2Qx1tq7Xtb4osfFajv2rTfCJeU+',
  't9/c+ic/sFYaG2RzusnNnXMIg/lLJZOJ7Y6ZtzXmrvGyc+iOn0LoZJvNHeRm7uscMm/sM1I326/utWu+dfHF2W7bu1fkZmCSfnLefEd8Jgm6VOb0rE2PZ0Ng',
  'd+1ywxRIorB2mVGMBiAej4MxoJgKAYgAQPMQSpoAAIAAhocFknW8ui9SpAHwl9ea3CzNO14kiToatTpUyoRMdYKgSE1GRjriI2FexgcLJk6octBQkSDxMclQ',
  'FYVhUdPjQJmQaHoWlIhFbTj1gS58LWwtayt6DXgNWm/Tn+JHU4LURLHWYVEfeUzzJ2f1bi9vlP3Zby2dsfU7p/00Nn1fcjF/r/V6b5era1LOX/J3BizCbLsb',
  '6Z0ImhwpymDLRqyAMj+hFBhb3maT9NV5YkfGiOLJiNqCzE+SkhoiIRE0Sc4lQzV1TWHtrvA9L6TuPH0x2tac3xjTnsv92kfJ8r9bhM8bJXsSRiknal+NXxnr',
  'Nt2nW5LRV+mEr2GdDHav1Vz1ReP6hsy9Ol2AqahxKYJqZGaUJCVJhjGwRoRERGjaBvKoFARCDIFCMQzEECCEhrAiaIQdyKBhuA70c9lqGZhMkAUgg/rBlZ5M',
  'NgC9BXcAyF0DNV9Z1E6gmfTcV6wExP4dnhGBOanXsHpI5V5P4piZg5YHIfxbT9FwyQaIOmE/ABGg9/K4mLLsadyMiJiaxfBJ1ZDwq76i8flVApX6W1GrQ+sJ',
  'ag6zE99x6k3l3zuKNeJE0jNIN+V9bFmU+vDZjFGLQl5f5BVFMHEEwRQ4/nWvzKtRmQCYx/5ChX0AmxgAgiUbsNYB7Ood2YCEyfbTLj9kG7cKalWQDSh3EHaA',
  'h3vsVwJ1QKuxKmcGmDz6yKfet9WxrXaA2jPMIAD1q2424ER9ADZhSgAis0PgI/1vm7Gja2EDP7IBrcJhp8OROwCyVg26tmMDKwzh43q7qALny2YYG7CQpB+I',
  'bmCT1V8cMbAh+mL/Zv+CbECa3WDIDHHVgzh8A8LliBRHSpMBPsxyzg/Q0hOYjEkEGj+p8FPPuKogwbH8SPCkcR4A7XxCwIge+zI8oOTm9XPQGHwzNvHWLyIU',
  'QhW8Rc56'
]

t.test('what the real zstd packed is read, in whatever pieces it comes', async (t) => {
  const bytes = Buffer.from(packedByZstd.join(''), 'base64')

  for (const chunk of [1, 100, 64 * 1024]) {
    const report = await inspect(bytes, { chunk })
    t.match(report, { verdict: 'match', architecture: 'arm64', problems: [] }, `chunks of ${chunk}`)
  }
})
