import t from 'tap'
import { parseArchitecture } from '../../../src/domain/architecture.ts'
import { type ToPublish, whyNotPublished } from '../../../src/domain/oci/publishing.ts'

const [amd64, arm64, s390x] = ['amd64', 'arm64', 's390x'].map(parseArchitecture) as [never, never, never]
const whole: ToPublish = { id: 'hello:1', wanted: [], pullable: [amd64, arm64], unproven: [], missing: [] }
const unproven = [{ architecture: 'arm64', why: 'the image is mislabelled: it is amd64' }]

const table: [case_: string, given: Partial<ToPublish>, why: string | undefined][] = [
  ['all are proven', {}, undefined],
  ['what was asked for is proven', { wanted: [amd64], pullable: [amd64], unproven, missing: ['s390x'] }, undefined],
  [
    'one is wrong and one has not come',
    { pullable: [amd64], unproven, missing: ['s390x'] },
    'hello:1 is not published: arm64: the image is mislabelled: it is amd64; s390x: its image is expected and has not arrived; to publish only a part: --arch amd64'
  ],
  [
    'what was asked for is wrong, or is not there',
    { wanted: [amd64, arm64, s390x], pullable: [amd64], unproven },
    'hello:1 is not published: arm64: the image is mislabelled: it is amd64; s390x: it has no image; it has amd64'
  ],
  ['there is nothing', { pullable: [] }, 'hello:1 is not published: it has no image'],
  [
    'no client can spell it, and nobody has read it',
    {
      pullable: [],
      unproven: [{ architecture: 'amd64', why: 'nobody has read the image' }],
      notPullable: 'registry clients allow no upper case in a name'
    },
    'hello:1 is not published: registry clients allow no upper case in a name; amd64: nobody has read the image'
  ]
]

for (const [name, given, why] of table) {
  t.test(`publishing: ${name}`, async (t) => {
    t.equal(whyNotPublished({ ...whole, ...given }), why)
  })
}
