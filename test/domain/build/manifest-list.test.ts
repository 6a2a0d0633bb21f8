import t from 'tap'
import { manifestListOf, manifestListText } from '../../../src/domain/build/manifest-list.ts'
import { fromDocument } from '../../../src/domain/container/document.ts'
import type { Facts } from '../../../src/domain/image/facts.ts'
import { someFacts } from '../../support/facts.ts'
import { shuffles } from '../../support/shuffles.ts'

const oci = 'application/vnd.oci.image.manifest.v1+json'
const digest = (digit: string) => `sha256:${digit.repeat(64)}`

/** What reading an image proved, with the part of its report that tells of its manifest. */
const proven = (
  imageKey: string,
  {
    digit,
    url = `s3://${imageKey}`,
    derived = false,
    mediaType = oci,
    size = 528,
    os = 'linux' as string | null,
    ...more
  }: { digit: string; derived?: boolean; mediaType?: string; size?: number; os?: string | null } & Partial<
    Omit<Facts, 'imageKey' | 'architecture'>
  >
) =>
  someFacts({
    imageKey,
    url,
    architecture: imageKey || 'arm64',
    manifest: digest(digit),
    report: {
      images: [{ manifest: { digest: digest('9') } }, { config: { os }, manifest: { digest: digest(digit), size, mediaType, derived } }],
      problems: []
    },
    ...more
  })

const lists = (
  facts: Facts[],
  {
    urls = Object.fromEntries(facts.map(({ imageKey, url }) => [imageKey, url])),
    format = 'oci' as 'oci' | 'docker',
    url
  }: { urls?: object; format?: 'oci' | 'docker'; url?: string } = {}
) =>
  manifestListOf(fromDocument('hello:1', JSON.stringify({ urls, url })), {
    facts: new Map(facts.map((one) => [one.imageKey, one])),
    format
  })

t.test('a container is an OCI index of what is proven', async (t) => {
  const list = lists([proven('arm/v7', { digit: '7', derived: true }), proven('amd64', { digit: '1', size: 1234 })])

  t.equal(
    manifestListText(list),
    `{
   "schemaVersion": 2,
   "mediaType": "application/vnd.oci.image.index.v1+json",
   "manifests": [
      {
         "mediaType": "application/vnd.oci.image.manifest.v1+json",
         "size": 1234,
         "digest": "${digest('1')}",
         "platform": {
            "architecture": "amd64",
            "os": "linux"
         }
      },
      {
         "mediaType": "application/vnd.oci.image.manifest.v1+json",
         "size": 528,
         "digest": "${digest('7')}",
         "platform": {
            "architecture": "arm",
            "os": "linux",
            "variant": "v7"
         }
      }
   ],
   "pullable": true,
   "derived": [
      "arm/v7"
   ],
   "unproven": []
}
`
  )
})

t.test('it is a Docker manifest list as well, each manifest of the type that it has', async (t) => {
  const docker = 'application/vnd.docker.distribution.manifest.v2+json'

  const list = lists([proven('amd64', { digit: '1', mediaType: docker }), proven('arm64', { digit: '2' })], { format: 'docker' })

  t.equal(list.mediaType, 'application/vnd.docker.distribution.manifest.list.v2+json')
  t.strictSame(
    list.manifests.map(({ mediaType }) => mediaType),
    [docker, oci]
  )
})

t.test('what has no proven digest is named and never invented', async (t) => {
  const none = { manifest: null }
  const facts = [
    proven('amd64', { digit: '1', verdict: 'mislabelled' }),
    proven('arm64', { digit: '2', ...none }),
    proven('s390x', { digit: '3', status: 'gone' }),
    proven('ppc64le', { digit: '4', report: { images: [], problems: [] } }),
    proven('riscv64', { digit: '5', verdict: 'unverified' }),
    proven('386', { digit: '6', verdict: 'no-binaries' })
  ]

  const list = lists(facts, { urls: { ...Object.fromEntries(facts.map(({ imageKey, url }) => [imageKey, url])), loong64: 's3://l' } })

  t.strictSame(
    list.manifests.map(({ digest, platform }) => [digest, platform.architecture]),
    [[digest('6'), '386']]
  )
  t.strictSame(list.unproven, [
    { architecture: 'amd64', why: 'the image is mislabelled: in words' },
    { architecture: 'arm64', why: 'its tarball contains no manifest, and none can be made from what was read' },
    { architecture: 'ppc64le', why: 'the size of its manifest is not stored; verify the image again' },
    { architecture: 's390x', why: 'the image is gone' },
    { architecture: 'riscv64', why: 'nobody has read the image' },
    { architecture: 'loong64', why: 'nobody has read the image' }
  ])
  t.notMatch(manifestListText(list), new RegExp(digest('9')), 'nor is another image of the same tarball listed')
})

t.test('a record that names no architecture is listed as what it is proven to be', async (t) => {
  const url = 's3://x'

  t.match(lists([proven('', { digit: '1', url })], { urls: {}, url }).manifests, [{ platform: { architecture: 'arm64' } }])
  t.match(lists([], { urls: {}, url }).unproven, [{ architecture: 'amd64' }])
  t.match(lists([], {}), { manifests: [], unproven: [] })
})

t.test('the bytes are the same in whatever order images and facts come', async (t) => {
  const facts = ['zeta', 'arm64', 'arm/v7', 'amd64', 'alpha', 'arm/v5'].map((imageKey, i) =>
    proven(imageKey, { digit: String(i), derived: i % 2 === 0 })
  )
  const text = manifestListText(lists(facts))

  for (const order of shuffles(facts, 40)) t.equal(manifestListText(lists(order)), text)
})
