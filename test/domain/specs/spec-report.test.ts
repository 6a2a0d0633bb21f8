import t from 'tap'
import { fromDocument } from '../../../src/domain/container/document.ts'
import type { Facts } from '../../../src/domain/image/facts.ts'
import { type Lookup, namesIn, needsOf, withImageUrls } from '../../../src/domain/specs/spec-needs.ts'
import { specReport } from '../../../src/domain/specs/spec-report.ts'
import { someFacts } from '../../support/facts.ts'
import { shuffles } from '../../support/shuffles.ts'

const both = JSON.stringify({ x86_64: 's3://x', amd64: 's3://x', arm64: 's3://arm', aarch64: 's3://arm' })

function lookups(containers: { [name: string]: object }, facts: Facts[] = []): Lookup {
  return new Map(
    Object.entries(containers).map(([name, fields]) => {
      const known = new Map(facts.filter(({ container }) => container === name).map((one) => [one.imageKey, one]))
      return [name, { record: fromDocument(name, JSON.stringify({ id: name, ...fields })), known }]
    })
  )
}

const hello = { 'hello:1': { url: 's3://x', urls: both } }
const spec = (...dependency_images: unknown[]) => JSON.stringify({ id: 'job-hello:1', container: 'hello:1', dependency_images })
const report = (text: string, lookup: Lookup) => specReport(needsOf(text), lookup)
const dependency = (container_image_name: string, container_image_url: string | null, container_image_urls?: unknown) => ({
  container_image_name,
  container_image_url,
  container_image_urls
})

t.test('a job without dependency images runs where its container does', async (t) => {
  t.match(report(JSON.stringify({ container: 'hello:1' }), lookups(hello)), {
    architectures: ['amd64', 'arm64'],
    certain: true,
    single: [],
    unknown: [],
    summary: 'the job can run on amd64, arm64'
  })
})

t.test('a job runs where each of its images does', async (t) => {
  const three = JSON.stringify({ arm64: 'a', s390x: 'b', amd64: 'c' })

  const answer = report(spec(dependency('dep:1', 'c', three), dependency('arm:1', '', { arm64: 'd', riscv64: 'e' })), lookups(hello))

  t.strictSame(answer.architectures, ['arm64'])
  t.strictSame(
    answer.images.map(({ architectures }) => architectures),
    [
      ['amd64', 'arm64'],
      ['amd64', 'arm64', 's390x'],
      ['arm64', 'riscv64']
    ]
  )
  const apart = report(spec(dependency('dep:1', '', { s390x: 'b' })), lookups(hello))
  t.match(apart, { architectures: [], summary: 'the job can run nowhere; for one architecture only: dep:1' })
})

t.test('a dependency image of one url is for the architecture that the catalogue says, and x86_64 where it says none', async (t) => {
  const proven = someFacts({ container: 'dep:1', imageKey: '', url: 's3://d', architecture: 'arm64' })
  const only = spec(dependency('dep:1', 's3://d'))

  t.match(report(only, lookups(hello)), {
    architectures: ['amd64'],
    certain: false,
    single: ['dep:1'],
    summary: 'the job can run on amd64, as far as is known; for one architecture only: dep:1'
  })
  t.match(report(only, lookups({ ...hello, 'dep:1': { url: 's3://d' } })), { architectures: ['amd64'], certain: false })
  t.match(report(only, lookups({ ...hello, 'dep:1': { url: 's3://d' } }, [proven])), { architectures: ['arm64'], certain: true })
  t.match(report(only, lookups({ ...hello, 'dep:1': { urls: { arm64: 's3://d' } } })), { architectures: ['arm64'], certain: true })
})

t.test('it tells where a job could run, had the spec the urls of the catalogue', async (t) => {
  const answer = report(spec(dependency('dep:1', 's3://x')), lookups({ ...hello, 'dep:1': { url: 's3://x', urls: both } }))

  t.match(answer, { architectures: ['amd64'], ifFilled: ['amd64', 'arm64'], single: ['dep:1'] })
  t.equal(answer.summary, 'the job can run on amd64; with container_image_urls filled also on arm64; for one architecture only: dep:1')
  t.equal(answer.images[1]?.message, 'the dependency image dep:1 runs on amd64; with container_image_urls it would on arm64 too')
})

t.test('what nobody can tell excludes nothing and is named', async (t) => {
  const answer = report(spec(dependency('busybox:latest', null), dependency('', 's3://x', both)), lookups(hello))

  t.match(answer, { architectures: ['amd64', 'arm64'], certain: false, unknown: ['busybox:latest'] })
  t.match(report(JSON.stringify({}), lookups({})), {
    architectures: null,
    certain: false,
    summary: 'it is not known where the job can run'
  })
})

t.test('a container that is not registered runs nowhere', async (t) => {
  t.match(report(spec(), lookups({})), {
    architectures: [],
    images: [{ message: 'the container hello:1 is not registered: the job cannot be sent off' }]
  })
})

t.test('an image that is proven to be another, broken or gone runs nowhere', async (t) => {
  for (const wrong of [{ verdict: 'mislabelled' as const }, { verdict: 'unreadable' as const }, { status: 'gone' as const }]) {
    const facts = someFacts({ container: 'hello:1', imageKey: 'arm64', url: 's3://arm', ...wrong })
    t.strictSame(report(spec(), lookups(hello, [facts])).architectures, ['amd64'])
  }
})

t.test('guard URLs are no images', async (t) => {
  const guard = 'http://here/unavailable/dep%3A1/arm64'

  t.strictSame(report(spec(dependency('dep:1', 's3://x', { amd64: 's3://x', arm64: guard })), lookups(hello)).architectures, ['amd64'])
  t.match(report(spec(dependency('dep:1', guard)), lookups(hello)), { unknown: ['dep:1'] })
})

t.test('the order of dependency images does not change where a job runs', async (t) => {
  const list = [
    dependency('a', 'a', { amd64: 'a', arm64: 'b' }),
    dependency('b', null),
    dependency('c', '', { s390x: 'x', arm64: 'c', amd64: 'e' }),
    dependency('d', '', { arm64: 'd', zeta: 'z' })
  ]

  for (const order of shuffles(list, 30)) t.strictSame(report(spec(...order), lookups(hello)).architectures, ['arm64'])
})

t.test('whatever stands in a spec is read without harm', async (t) => {
  for (const dependency_images of [
    undefined,
    null,
    5,
    'x',
    {},
    [],
    [null],
    [5, 'x', []],
    [{}],
    [{ container_image_name: 5, container_image_url: {} }]
  ]) {
    const text = JSON.stringify({ container: 'hello:1', dependency_images })
    t.match(report(text, lookups(hello)), { architectures: ['amd64', 'arm64'] }, text)
    t.equal(withImageUrls(text, lookups(hello)), text)
  }
  t.strictSame(namesIn(needsOf(spec(dependency('dep:1', 'u'), dependency('dep:1', 'v'), dependency('..', 'w')))), ['hello:1', 'dep:1'])
})

t.test('urls are filled in from the catalogue, and every other byte of a spec stays', async (t) => {
  const text =
    '{"id": "job:1", "container": "hello:1", "big": 12345678901234567, "dependency_images": [{"container_image_name": "hello:1", "container_image_url": "s3://x", "n": 1.0}, null, {"container_image_name": "hub:1", "container_image_url": null}], "a": null}'

  const filled = withImageUrls(text, lookups(hello))

  t.equal(filled, text.replace('"n": 1.0}', `"n": 1.0, "container_image_urls": ${JSON.stringify(both)}}`))
  t.equal(withImageUrls(filled, lookups(hello)), filled)
  t.strictSame(report(filled, lookups(hello)).architectures, ['amd64', 'arm64'])
})

t.test('nothing is filled in for an image that is another one, or where the spec has urls', async (t) => {
  for (const one of [
    dependency('hello:1', 's3://other'),
    dependency('hello:1', null),
    dependency('other:1', 's3://x'),
    dependency('hello:1', 's3://x', { amd64: 's3://mine' })
  ]) {
    t.equal(withImageUrls(spec(one), lookups(hello)), spec(one))
  }
  t.equal(
    withImageUrls(spec(dependency('hello:1', 's3://x')), lookups({ 'hello:1': { url: 's3://x' } })),
    spec(dependency('hello:1', 's3://x'))
  )
  t.match(withImageUrls(spec(dependency('hello:1', 's3://x', null)), lookups(hello)), /"container_image_urls": "\{/, 'null is none')
})
