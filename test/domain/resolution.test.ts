import t from 'tap'
import { fromDocument } from '../../src/domain/document.ts'
import { resolveImage } from '../../src/domain/resolution.ts'

const record = (fields: object) => fromDocument('hello:1', JSON.stringify({ id: 'hello:1', ...fields }))
const both = JSON.stringify({ x86_64: 's3://x', amd64: 's3://x', arm64: 's3://arm', aarch64: 's3://arm' })
const guardUrl = 'https://other.example/mozart/unavailable/hello%3A1/amd64'

t.test('a machine gets the image of its own architecture, under any of its names', async (t) => {
  for (const name of ['aarch64', 'ARM64', 'linux/arm64/v8']) {
    t.strictSame(resolveImage(record({ url: 's3://x', urls: both }), name), {
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

  t.throws(() => resolveImage(onlyX86, 'aarch64'), {
    code: 'image_missing',
    message: 'hello:1 has no image for arm64 (asked as aarch64); it has: amd64'
  })
  t.throws(() => resolveImage(onlyX86, 'arm64'), { message: 'hello:1 has no image for arm64; it has: amd64' })
})

t.test('variants never stand in for one another', async (t) => {
  const v7 = record({ urls: '{"arm/v7": "s3://v7", "armv7l": "s3://v7"}' })

  t.throws(() => resolveImage(v7, 'armv6l'), { code: 'image_missing' })
  t.equal(resolveImage(v7, 'armhf').url, 's3://v7')
})

t.test('a guard URL is never an image, under whatever address it was made', async (t) => {
  const guarded = record({ url: guardUrl, urls: `{"x86_64": "${guardUrl}", "amd64": "${guardUrl}", "s390x": "s3://z"}` })

  t.throws(() => resolveImage(guarded, 'x86_64'), {
    code: 'image_missing',
    message: 'hello:1 has no image for amd64 (asked as x86_64); it has: s390x'
  })
  t.throws(() => resolveImage(record({ url: guardUrl }), 'x86_64'), { code: 'image_missing', message: /it has: none$/ })
  t.equal(
    resolveImage(record({ url: guardUrl.replace('hello', 'other') }), 'x86_64').source,
    'url',
    "another container's guard is just a URL"
  )
})

t.test('a record that names no architectures falls back to url, marked', async (t) => {
  for (const urls of [undefined, null, '', '{}', {}, '{broken', '["s3://x"]', 5]) {
    t.match(
      resolveImage(record({ url: 's3://x', urls }), 'riscv64'),
      { architecture: null, url: 's3://x', source: 'url' },
      JSON.stringify(urls)
    )
  }
})

t.test('a record written by others resolves as far as it can be understood', async (t) => {
  t.equal(resolveImage(record({ urls: { arm64: 's3://arm' } }), 'aarch64').url, 's3://arm', 'an object stands for its JSON string')
  t.equal(resolveImage(record({ urls: '{"arm64": "s3://arm", "x y": 1, "amd64": null}' }), 'aarch64').url, 's3://arm')
  t.throws(() => resolveImage(record({ url: null }), 'amd64'), { code: 'image_missing' })
  t.throws(() => resolveImage(record({ url: 's3://x' }), 'not a name'), { code: 'architecture_invalid' })
})
