import t from 'tap'
import { attachedTags, holdsAllOf, listWith, referrersTag } from '../../../src/domain/oci/referrer-tags.ts'

const hex = 'a'.repeat(64)
const index = 'application/vnd.oci.image.index.v1+json'
const mediaType = 'application/vnd.oci.image.manifest.v1+json'
const referrer = { digest: 'sha256:1', bytes: new Uint8Array(7), content: { mediaType, artifactType: 'text/plain', annotations: {} } }
const described = { mediaType, digest: 'sha256:1', size: 7, artifactType: 'text/plain' }

t.test('the tags of what refers to a manifest', async (t) => {
  t.equal(referrersTag(`sha256:${hex}`), `sha256-${hex}`)
  t.strictSame(attachedTags(`sha256:${hex}`), [`sha256-${hex}.sig`, `sha256-${hex}.att`, `sha256-${hex}.sbom`])
})

const lists: [case_: string, list: string | undefined, more: (typeof referrer)[], manifests: object[]][] = [
  ['there is none yet', undefined, [referrer], [described]],
  [
    'there is one, whose entries stay as they are',
    '{"manifests":[{"digest":"sha256:0","theirs":1}]}',
    [referrer],
    [{ digest: 'sha256:0', theirs: 1 }, described]
  ],
  ['what is there is no list', 'x', [referrer], [described]],
  [
    'it is annotated',
    undefined,
    [{ ...referrer, content: { ...referrer.content, annotations: { made: 'by hand' } } as never }],
    [{ ...described, annotations: { made: 'by hand' } }]
  ]
]
for (const [case_, list, more, manifests] of lists) {
  t.test(`a list with more in it: ${case_}`, async (t) => {
    t.strictSame(JSON.parse(listWith(list, more)), { schemaVersion: 2, mediaType: index, manifests })
  })
}

const layers = (...digests: string[]) => ({ layers: digests.map((digest) => ({ digest }) as never) })
const places: [after: string[], before: string[], holds: boolean][] = [
  [['a'], [], true],
  [['a'], ['a'], true],
  [['b', 'a'], ['a'], true],
  [['b'], ['a'], false],
  [[], ['a'], false]
]
for (const [after, before, holds] of places) {
  t.test(`[${after}] in place of [${before}] ${holds ? 'loses nothing' : 'loses something'}`, async (t) => {
    t.equal(holdsAllOf(layers(...after), layers(...before)), holds)
  })
}
