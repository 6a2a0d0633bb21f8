import t from 'tap'
import { parseArchitecture } from '../../../src/domain/architecture.ts'
import { indexOfParts, selectImages } from '../../../src/domain/oci/parts-of-index.ts'

const images = ['amd64', 'arm64', undefined].map((name, i) => ({
  digest: `sha256:${i}`,
  architecture: name === undefined ? undefined : parseArchitecture(name)
}))

const table: [wanted: string[], chosen: string[], lacks: string[]][] = [
  [[], ['sha256:0', 'sha256:1'], []],
  [['aarch64'], ['sha256:1'], []],
  [['arm64', 'amd64'], ['sha256:0', 'sha256:1'], []],
  [['riscv64', 'arm64', 's390x'], ['sha256:1'], ['riscv64', 's390x']]
]
for (const [wanted, chosen, lacks] of table) {
  t.test(`of amd64, arm64 and an attestation, ${wanted.join(' and ') || 'everything'} is chosen`, async (t) => {
    const selected = selectImages(images, wanted.map(parseArchitecture))

    t.strictSame(
      selected.chosen.map(({ digest }) => digest),
      chosen
    )
    t.strictSame(selected.lacks, lacks)
    t.strictSame(selected.has, ['amd64', 'arm64'])
  })
}

const described = (digest: string, more: object = {}) => ({ mediaType: 'm', digest, size: 1, ...more })
const [amd64, arm64] = [described('sha256:a', { platform: { 'os.version': '1' } }), described('sha256:b')]
const attestation = described('sha256:c', { annotations: { 'vnd.docker.reference.digest': 'sha256:b' } })
const index = { schemaVersion: 2, mediaType: 'i', manifests: [amd64, arm64, attestation], annotations: { x: 'y' } }

t.test('a part of an index keeps its descriptions, and the attestations about its images', async (t) => {
  const text = JSON.stringify(index, null, 3)
  const part = (...digests: string[]) => indexOfParts(text, new Set(digests))

  t.strictSame(JSON.parse(part('sha256:a')), { ...index, manifests: [amd64] })
  t.strictSame(JSON.parse(part('sha256:b')), { ...index, manifests: [arm64, attestation] })
  t.equal(part('sha256:a', 'sha256:b'), text, 'the bytes of the whole are not touched')
})
