import t from 'tap'
import { parseManifest } from '../../../src/domain/oci/manifest.ts'
import { configType, digestOfBytes, indexType, manifestType } from '../../support/oci.ts'

const part = (mediaType: string) => ({ mediaType, digest: digestOfBytes(mediaType), size: 1 })
const manifest = (config: string, ...layers: string[]) => ({
  schemaVersion: 2,
  mediaType: manifestType,
  config: part(config),
  layers: layers.map(part)
})
const dockerConfig = 'application/vnd.docker.container.image.v1+json'

const kinds: [string, object, string][] = [
  ['an OCI image', manifest(configType, 'application/vnd.oci.image.layer.v1.tar+gzip'), 'image'],
  ['an OCI image with zstd layers', manifest(configType, 'application/vnd.oci.image.layer.v1.tar+zstd'), 'image'],
  ["Docker's image", manifest(dockerConfig, 'application/vnd.docker.image.rootfs.diff.tar.gzip'), 'image'],
  ['an index', { schemaVersion: 2, mediaType: indexType, manifests: [part(manifestType)] }, 'index'],
  ['a signature of cosign', manifest(configType, 'application/vnd.dev.cosign.simplesigning.v1+json'), 'artifact'],
  ['an attestation of buildkit', manifest(configType, 'application/vnd.in-toto+json'), 'artifact'],
  ['a chart', manifest('application/vnd.cncf.helm.config.v1+json', 'application/vnd.cncf.helm.chart.content.v1.tar+gzip'), 'artifact'],
  [
    'whatever names its type',
    { ...manifest(configType, 'application/vnd.oci.image.layer.v1.tar'), artifactType: 'application/x' },
    'artifact'
  ]
]
for (const [name, document, kind] of kinds) {
  t.test(`${name}: ${kind}`, async (t) => {
    t.equal(parseManifest(JSON.stringify(document), { contentType: undefined }).kind, kind)
  })
}

t.test('layers that are elsewhere need not be there', async (t) => {
  const foreign = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'
  const { layers } = parseManifest(JSON.stringify(manifest(dockerConfig, foreign, 'application/vnd.docker.image.rootfs.diff.tar')), {
    contentType: undefined
  })
  t.equal(layers.length, 1)
})

t.test('the type that it was sent as must be its own', async (t) => {
  const text = JSON.stringify(manifest(configType))
  t.equal(parseManifest(text, { contentType: manifestType }).mediaType, manifestType)
  t.throws(() => parseManifest(text, { contentType: indexType }), { code: 'manifest_invalid' })
})
