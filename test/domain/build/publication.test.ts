import t from 'tap'
import { parseArchitecture } from '../../../src/domain/architecture.ts'
import type { PendingImage } from '../../../src/domain/build/build-status.ts'
import { publishable, publishedDocument } from '../../../src/domain/build/publication.ts'
import type { Publish } from '../../../src/domain/build/rules.ts'
import { fromDocument } from '../../../src/domain/container/document.ts'
import { at } from '../../support/assemblies.ts'

const now = at(60)
const architectures = (names: string) => names.split(' ').filter(Boolean).map(parseArchitecture)
/** `arm64@2:5` is the arm64 image of version 2 that arrived in minute 5. */
const pending = (images: string, expires = at(90)) =>
  new Map(
    images
      .split(' ')
      .filter(Boolean)
      .map((image) => {
        const [name = '', version = '', minute] = image.split(/[@:]/)
        const one: PendingImage = { url: `s3://${name}-${version}`, digest: null, version, since: at(Number(minute)), expires }
        return [parseArchitecture(name), one] as const
      })
  )
const record = (version: string, names: string) => {
  const urls = Object.fromEntries(names.split(' ').map((name) => [name, `s3://${name}-${version}`]))
  return fromDocument('hello:1', JSON.stringify({ id: 'hello:1', version, urls: JSON.stringify(urls) }))
}

interface Case {
  pending: string
  expires?: string
  expected?: string
  record?: [version: string, names: string]
  publish?: Publish
  /** Whose bytes are proven to be what they are registered as. */
  proven?: string
  /** Whose image is being built again. */
  awaited?: string
  published: string | undefined
}

t.test('when images are published', async (t) => {
  const cases: Record<string, Case> = {
    'the first of two waits': { pending: 'amd64@1:1', expected: 'amd64 arm64', published: undefined },
    'the second completes the set': { pending: 'amd64@1:1 arm64@1:2', expected: 'amd64 arm64', published: '1: amd64 arm64' },
    'one that was not expected is published with the set': {
      pending: 'amd64@1:1 s390x@1:2',
      expected: 'amd64',
      published: '1: amd64 s390x'
    },
    'nothing is expected: at once': { pending: 'arm64@1:1', published: '1: arm64' },
    'nothing is pending': { pending: '', expected: 'amd64', published: undefined },
    'what has waited for too long is not published': { pending: 'amd64@1:1', expires: at(59), expected: 'amd64', published: undefined },
    'a published image of the same version counts': {
      ...{ pending: 'arm64@1:1', expected: 'amd64 arm64', record: ['1', 'amd64'] },
      published: '1: arm64'
    },
    'one of another version does not': {
      ...{ pending: 'arm64@2:1', expected: 'amd64 arm64', record: ['1', 'amd64'] },
      published: undefined
    },
    'a whole new version replaces the old one': {
      ...{ pending: 'amd64@2:1 arm64@2:2', expected: 'amd64 arm64', record: ['1', 'amd64 arm64'] },
      published: '2 replaces: amd64 arm64'
    },
    'a published image that is being built again is waited for': {
      ...{ pending: 'arm64@1:1', expected: 'amd64 arm64', record: ['1', 'amd64'], awaited: 'amd64' },
      published: undefined
    },
    'of two complete versions the one that arrived last': { pending: 'amd64@1:9 arm64@2:3', published: '1: amd64' },
    'of two versions the complete one': {
      ...{ pending: 'amd64@1:1 arm64@2:9', expected: 'amd64 arm64', record: ['1', 'arm64'] },
      published: '1: amd64'
    },
    'verified: unproven images wait': { pending: 'amd64@1:1', expected: 'amd64', publish: 'verified', published: undefined },
    'verified: proven ones do not': {
      pending: 'amd64@1:1',
      expected: 'amd64',
      publish: 'verified',
      proven: 'amd64',
      published: '1: amd64'
    },
    'verified: an unproven one is no part of the set': {
      ...{ pending: 'amd64@1:1 arm64@1:2', expected: 'amd64 arm64', publish: 'verified' as const, proven: 'amd64' },
      published: undefined
    }
  }

  for (const [name, { publish = 'all', expected = '', proven = '', awaited = '', ...one }] of Object.entries(cases)) {
    const found = publishable({
      ...{ record: one.record && record(...one.record), pending: pending(one.pending, one.expires), publish, now },
      expected: architectures(expected),
      verdictOf: (architecture) => (architectures(proven).includes(architecture) ? 'match' : 'unverified'),
      isAwaited: (architecture) => architectures(awaited).includes(architecture)
    })
    const replaces = one.record && found?.replaces ? ' replaces' : ''
    t.equal(found && `${found.version}${replaces}: ${[...found.images.keys()].join(' ')}`, one.published, name)
  }
})

t.test('images that are published replace another version, and complete the same one', async (t) => {
  const document = JSON.stringify({ id: 'hello:1', version: '1', digest: 'd', urls: '{"arm64": "s3://arm64-1"}' })
  const guards = { publicUrl: 'http://here', guarded: [] }
  const published = (replaces: boolean) => {
    const publication = { version: '1', images: pending('amd64@1:1 s390x@1:2'), replaces }
    return [...fromDocument('hello:1', publishedDocument('hello:1', { document, publication, ...guards })).images.keys()].sort()
  }

  t.strictSame(published(false), ['amd64', 'arm64', 's390x'])
  t.strictSame(published(true), ['amd64', 's390x'])
})
