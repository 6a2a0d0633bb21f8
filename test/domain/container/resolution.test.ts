import t from 'tap'
import { type ContainerRecord, fromDocument } from '../../../src/domain/container/document.ts'
import { type ResolveOptions, requestedArchitecture, resolveImage } from '../../../src/domain/container/resolution.ts'
import { someFacts } from '../../support/facts.ts'

const record = (fields: object) => fromDocument('hello:1', JSON.stringify({ id: 'hello:1', ...fields }))
const resolve = (record: ContainerRecord, name: string, options?: ResolveOptions) =>
  resolveImage(record, requestedArchitecture(name), options)
const both = JSON.stringify({ x86_64: 's3://x', amd64: 's3://x', arm64: 's3://arm', aarch64: 's3://arm' })
const guardUrl = 'https://other.example/mozart/unavailable/hello%3A1/amd64'

t.test('a machine gets the image of its own architecture, under any of its names', async (t) => {
  for (const name of ['aarch64', 'ARM64', 'linux/arm64/v8']) {
    t.strictSame(resolve(record({ url: 's3://x', urls: both }), name), {
      architecture: 'arm64',
      requested: name,
      url: 's3://arm',
      source: 'urls',
      verdict: 'unverified'
    })
  }
})

t.test('an architecture that is not listed is refused with what there is, and never given url', async (t) => {
  const onlyX86 = record({ url: 's3://x', urls: '{"x86_64": "s3://x"}' })

  t.throws(() => resolve(onlyX86, 'aarch64'), {
    code: 'image_missing',
    message: 'hello:1 has no image for arm64 (asked as aarch64); it has: amd64'
  })
  t.throws(() => resolve(onlyX86, 'arm64'), { message: 'hello:1 has no image for arm64; it has: amd64' })
})

t.test('variants never stand in for one another', async (t) => {
  const v7 = record({ urls: '{"arm/v7": "s3://v7", "armv7l": "s3://v7"}' })

  t.throws(() => resolve(v7, 'armv6l'), { code: 'image_missing' })
  t.equal(resolve(v7, 'armhf').url, 's3://v7')
})

t.test('a guard URL is never an image, under whatever address it was made', async (t) => {
  const guarded = record({ url: guardUrl, urls: `{"x86_64": "${guardUrl}", "amd64": "${guardUrl}", "s390x": "s3://z"}` })

  t.throws(() => resolve(guarded, 'x86_64'), {
    code: 'image_missing',
    message: 'hello:1 has no image for amd64 (asked as x86_64); it has: s390x'
  })
  t.throws(() => resolve(record({ url: guardUrl }), 'x86_64'), { code: 'image_missing', message: /it has: none$/ })
  t.equal(resolve(record({ url: guardUrl.replace('hello', 'other') }), 'x86_64').url, guardUrl.replace('hello', 'other'), "another host's")
})

t.test('a record that names no architectures falls back to url, marked', async (t) => {
  for (const urls of [undefined, null, '', '{}', {}, '{broken', '["s3://x"]', 5]) {
    t.match(resolve(record({ url: 's3://x', urls }), 'riscv64'), { architecture: null, url: 's3://x', source: 'url' }, JSON.stringify(urls))
  }
})

t.test('a record written by others resolves as far as it can be understood', async (t) => {
  t.equal(resolve(record({ urls: { arm64: 's3://arm' } }), 'aarch64').url, 's3://arm', 'an object stands for its JSON string')
  t.equal(resolve(record({ urls: '{"arm64": "s3://arm", "x y": 1, "amd64": null}' }), 'aarch64').url, 's3://arm')
  t.throws(() => resolve(record({ url: null }), 'amd64'), { code: 'image_missing' })
  t.throws(() => resolve(record({ url: 's3://x' }), 'not a name'), { code: 'architecture_invalid' })
})

t.test('an image proven to be for other machines is refused with what it is, unless that is forced', async (t) => {
  const facts = [
    someFacts({
      imageKey: 'arm64',
      url: 's3://arm',
      digest: 'd',
      verdict: 'mislabelled',
      architecture: 'amd64',
      summary: '/bin/sh is for amd64'
    })
  ]
  const hello = record({ url: 's3://x', digest: 'd', urls: both })

  t.throws(() => resolve(hello, 'aarch64', { facts }), {
    code: 'image_mislabelled',
    message: 'the image for arm64 of hello:1 is proven to be for amd64: /bin/sh is for amd64; force=true gives it all the same',
    details: { available: ['amd64'] }
  })
  t.match(resolve(hello, 'aarch64', { facts, force: true }), { url: 's3://arm', verdict: 'mislabelled' })
  t.match(resolve(hello, 'x86_64', { facts }), { url: 's3://x', verdict: 'unverified' }, 'the others are as they were')
})

t.test('facts about a URL or a digest that the record no longer names change nothing', async (t) => {
  const wrong = { imageKey: 'arm64', digest: 'd', verdict: 'mislabelled' as const, architecture: 'amd64' }
  const hello = record({ url: 's3://x', digest: 'd', urls: both })

  t.match(resolve(hello, 'arm64', { facts: [someFacts({ ...wrong, url: 's3://before' })] }), { verdict: 'unverified' })
  t.match(resolve(hello, 'arm64', { facts: [someFacts({ ...wrong, url: 's3://arm', digest: 'e' })] }), { verdict: 'unverified' })
})

t.test('a proven image without architectures is served to its machines and refused to others', async (t) => {
  const legacy = record({ url: 's3://x', digest: 'd' })
  const proven = (given: Parameters<typeof someFacts>[0]) => ({ facts: [someFacts({ url: 's3://x', digest: 'd', ...given })] })
  const match = proven({ verdict: 'match', architecture: 'amd64' })

  t.match(resolve(legacy, 'x86_64', match), { architecture: 'amd64', url: 's3://x', source: 'url', verdict: 'match' })
  t.throws(() => resolve(legacy, 'aarch64', match), {
    code: 'image_missing',
    message: 'hello:1 has no image for arm64 (asked as aarch64); its one image is proven to be for amd64'
  })
  t.match(resolve(legacy, 'aarch64', { ...match, force: true }), { architecture: null, url: 's3://x' })
  t.throws(() => resolve(legacy, 'amd64', proven({ verdict: 'mislabelled', architecture: 'arm64' })), {
    code: 'image_mislabelled',
    message: /^the one image of hello:1 is proven to be for arm64/
  })
  // an image for Windows is proven to be for no architecture of ours
  t.throws(() => resolve(legacy, 'amd64', proven({ verdict: 'mislabelled', architecture: null })), { code: 'image_mislabelled' })
  t.match(resolve(legacy, 'aarch64', proven({ verdict: 'mixed' })), { architecture: null, verdict: 'mixed' })
  t.match(resolve(legacy, 'aarch64', proven({ verdict: 'no-binaries' })), { architecture: null, verdict: 'no-binaries' })
})
