import t from 'tap'
import { parseArchitecture } from '../../../src/domain/architecture.ts'
import { containerFrom, mergedRegistration, parseRegistration, type Registration } from '../../../src/domain/container/container.ts'
import { fromDocument, toDocument } from '../../../src/domain/container/document.ts'

const publicUrl = 'http://registry.example:8888'
const options = { publicUrl, guarded: [] }
const registration = (fields: Partial<Registration>): Registration => ({
  id: 'hello:1',
  version: '1',
  digest: 'sha256:1',
  url: '',
  urls: '',
  ...fields
})
const stored = (fields: Partial<Registration>, guarded: string[] = []) => {
  const { url, urls } = containerFrom(parseRegistration(registration(fields)), { publicUrl, guarded: guarded.map(parseArchitecture) })
  return { url, urls }
}
const guard = (architecture: string, id = 'hello%3A1') => `${publicUrl}/unavailable/${id}/${architecture}`

t.test('what comes in as url and urls is stored as the table in the design says', async (t) => {
  const complete = '{"aarch64":"s3://arm",  "arm64": "s3://arm", "x86_64": "s3://x", "amd64": "s3://x"}'
  const cases: [string, Partial<Registration>, { url: string; urls: string | undefined }][] = [
    ['urls absent', { url: 's3://x' }, { url: 's3://x', urls: undefined }],
    ['urls null', { url: 's3://x', urls: 'null' }, { url: 's3://x', urls: undefined }],
    ['urls {}', { url: 's3://x', urls: '{ }' }, { url: 's3://x', urls: undefined }],
    ['urls complete: byte for byte', { url: 's3://x', urls: complete }, { url: 's3://x', urls: complete }],
    [
      'urls incomplete: missing names appended',
      { url: 's3://x', urls: '{"aarch64":"s3://arm","x86_64":"s3://x"}' },
      { url: 's3://x', urls: '{"aarch64": "s3://arm", "x86_64": "s3://x", "amd64": "s3://x", "arm64": "s3://arm"}' }
    ],
    [
      'names as people write them are kept, and completed',
      { urls: '{"linux/ARM64": "s3://arm", "sparc64": "s3://s"}' },
      { url: guard('amd64'), urls: '{"linux/ARM64": "s3://arm", "sparc64": "s3://s", "arm64": "s3://arm", "aarch64": "s3://arm"}' }
    ],
    [
      'url is the x86_64 image by definition',
      { url: 's3://x', urls: '{"arm64": "s3://arm", "aarch64": "s3://arm"}' },
      { url: 's3://x', urls: '{"arm64": "s3://arm", "aarch64": "s3://arm", "x86_64": "s3://x", "amd64": "s3://x"}' }
    ],
    [
      'url empty, urls with amd64',
      { urls: '{"x86_64": "s3://x", "amd64": "s3://x"}' },
      { url: 's3://x', urls: '{"x86_64": "s3://x", "amd64": "s3://x"}' }
    ],
    ['url empty, urls without amd64: a guard', { urls: '{"s390x": "s3://z"}' }, { url: guard('amd64'), urls: '{"s390x": "s3://z"}' }],
    [
      'url differs from urls: mirrors exist',
      { url: 's3://mirror', urls: '{"x86_64": "s3://x", "amd64": "s3://x"}' },
      { url: 's3://mirror', urls: '{"x86_64": "s3://x", "amd64": "s3://x"}' }
    ],
    [
      'a guard that comes back is not an image',
      { url: guard('amd64'), urls: '{"s390x": "s3://z"}' },
      { url: guard('amd64'), urls: '{"s390x": "s3://z"}' }
    ],
    [
      'guards in urls are not images',
      { urls: `{"x86_64": "${guard('amd64')}", "s390x": "s3://z"}` },
      { url: guard('amd64'), urls: '{"s390x": "s3://z"}' }
    ],
    [
      'non-ASCII is written as json.dumps writes it',
      { urls: '{"x86_64": "s3://é"}' },
      { url: 's3://é', urls: '{"x86_64": "s3://\\u00e9", "amd64": "s3://\\u00e9"}' }
    ]
  ]

  for (const [name, posted, expected] of cases) t.strictSame(stored(posted), expected, name)
})

t.test('architectures that a site guards get a guard under every name', async (t) => {
  t.strictSame(stored({ url: 's3://x', urls: '{"x86_64": "s3://x", "amd64": "s3://x"}' }, ['amd64', 'arm64']), {
    url: 's3://x',
    urls: `{"x86_64": "s3://x", "amd64": "s3://x", "arm64": "${guard('arm64')}", "aarch64": "${guard('arm64')}"}`
  })
  t.strictSame(stored({ url: 's3://x' }, ['arm64']), { url: 's3://x', urls: undefined }, 'a record without urls stays as it is')
  t.match(stored({ id: 'a/b é', urls: '{"s390x": "s3://z"}' }, ['arm/v7']).urls, `"armv7l": "${guard('arm%2Fv7', 'a%2Fb%20%C3%A9')}"`)
})

t.test('names that are missing are appended in the order of the table, guards among them', async (t) => {
  const { urls } = stored({ urls: '{"x86_64": "s3://x", "s390x": "s3://z"}' }, ['arm64'])

  t.strictSame(Object.keys(JSON.parse(urls!)), ['x86_64', 's390x', 'amd64', 'arm64', 'aarch64'])
})

t.test('every refusal names the key, what was found and what was expected', async (t) => {
  const cases: [Partial<Registration>, string, RegExp][] = [
    [{}, 'parameter_missing', /^Parameters \(name, url, version, digest\) must be supplied$/],
    [
      { url: 's3://arm', urls: '{"arm64": "s3://arm"}' },
      'urls_invalid',
      /^url is what x86_64 machines run, but s3:\/\/arm is registered as arm64; leave url empty for a container without an amd64 image$/
    ],
    [
      { urls: '{"arm64": "s3://a", "aarch64": "s3://b"}' },
      'urls_invalid',
      /two images for arm64: "arm64" is s3:\/\/a, "aarch64" is s3:\/\/b/
    ],
    [{ urls: '{"x86_64": "s3://a"' }, 'urls_invalid', /is not JSON: Expecting ',' delimiter.*expected a JSON object/],
    [{ urls: '["s3://a"]' }, 'urls_invalid', /is an array .*expected a JSON object/],
    [{ urls: '"s3://a"' }, 'urls_invalid', /is a string/],
    [{ urls: `["s3://AKIAIOSFODNN7EXAMPLE:${'hunter2/'.repeat(5)}@host/x"]` }, 'urls_invalid', /an array \(\["s3:\/\/\*\*\*@host\/x"\]\)/],
    [{ urls: '{"x86 64": "s3://a"}' }, 'urls_invalid', /the key "x86 64"/],
    [{ urls: '{"x86_64": ""}' }, 'urls_invalid', /an empty string under "x86_64"/],
    [{ urls: '{"x86_64": "s3://a", "s390x": "s3://z", "x86_64": "s3://b"}' }, 'urls_invalid', /has "x86_64" twice, with different values/],
    [{ urls: '{"x86_64": null}' }, 'urls_invalid', /null under "x86_64"/],
    [{ urls: '{"x86_64": {"url": "s3://a"}}' }, 'urls_invalid', /under "x86_64"/],
    [{ id: '.', url: 's3://x' }, 'id_invalid', /name is "\."/],
    [{ id: 'é'.repeat(257), url: 's3://x' }, 'id_invalid', /514 bytes/],
    [{ url: 'u'.repeat(8193) }, 'parameter_invalid', /url has 8193 bytes; at most 8192/],
    [{ url: 's3://x', version: 'v'.repeat(1025) }, 'parameter_invalid', /version has 1025/],
    [{ url: 's3://x', urls: `{"arm64": "${'u'.repeat(8193)}"}` }, 'parameter_invalid', /urls' "arm64" has 8193/],
    [{ url: 's3://x', urls: ' '.repeat(65537) }, 'parameter_invalid', /urls has 65537/]
  ]

  for (const [posted, code, message] of cases) t.throws(() => stored(posted), { code, message }, message.source)
})

t.test('no refusal repeats a secret', async (t) => {
  const url = 's3://user:hunter2@host/x'
  const refusals = [{ url, urls: `{"arm64": "${url}"}` }, { urls: `{"arm64": "${url}", "aarch64": "s3://b"}` }, { urls: `["${url}"]` }]

  for (const posted of refusals) {
    try {
      stored(posted)
      t.fail('was not refused')
    } catch (error) {
      t.notMatch(String(error), 'hunter2')
    }
  }
})

t.test('the document has the fields of HySDS in the order of HySDS, and reads back', async (t) => {
  const document = toDocument({ id: 'é:1', version: '1', digest: 'd', url: 's3://x', urls: '{"x86_64": "s3://x"}' })

  t.equal(document, '{"id": "\\u00e9:1", "digest": "d", "url": "s3://x", "version": "1", "urls": "{\\"x86_64\\": \\"s3://x\\"}"}')
  t.strictSame([...fromDocument('é:1', document).images], [['amd64', 's3://x']])
})

t.test('a registration is laid over the stored record by architecture', async (t) => {
  const record = (fields: object) => fromDocument('hello:1', JSON.stringify({ id: 'hello:1', ...fields }))
  const merged = (fields: object, posted: Partial<Registration>) => {
    const { url, urls } = containerFrom(mergedRegistration(record(fields), parseRegistration(registration(posted))), options)
    return { url, urls: urls && JSON.parse(urls) }
  }
  const both = { x86_64: 's3://x', amd64: 's3://x', arm64: 's3://arm', aarch64: 's3://arm' }

  t.strictSame(merged({ url: 's3://x' }, { urls: '{"arm64": "s3://arm"}' }), { url: 's3://x', urls: both }, 'legacy url is the amd64 image')
  t.strictSame(
    merged({ url: guard('amd64'), urls: '{"arm64": "s3://arm"}' }, { url: 's3://x' }),
    { url: 's3://x', urls: both },
    'url alone is amd64'
  )
  t.strictSame(
    merged({ url: 's3://old', urls: JSON.stringify({ ...both, amd64: 's3://old', x86_64: 's3://old' }) }, { urls: '{"x86_64": "s3://x"}' }),
    { url: 's3://x', urls: both },
    'url follows a new amd64'
  )
  t.strictSame(merged({ url: 's3://mirror', urls: JSON.stringify(both) }, { urls: '{"arm64": "s3://new"}' }), {
    url: 's3://mirror',
    urls: { ...both, arm64: 's3://new', aarch64: 's3://new' }
  })
})

t.test('url is never another architecture’s image', async (t) => {
  const both = '{"x86_64": "s3://x", "arm64": "s3://arm"}'
  const message = /url is what x86_64 machines run, but s3:\/\/arm is registered as arm64; leave url empty/

  t.throws(() => stored({ url: 's3://arm', urls: both }), { code: 'urls_invalid', message })
  t.throws(() => stored({ url: 's3://arm', urls: '{"arm64": "s3://arm"}' }), { code: 'urls_invalid', message })
  t.equal(
    stored({ url: 's3://one', urls: '{"x86_64": "s3://one", "arm64": "s3://one"}' }).url,
    's3://one',
    'one URL for all is amd64’s, too'
  )
  t.equal(stored({ url: 's3://mirror', urls: both }).url, 's3://mirror')
})

t.test('a stored record whose url is another architecture’s image is mended by the next change', async (t) => {
  const images = new Map([
    [parseArchitecture('amd64'), 's3://x'],
    [parseArchitecture('arm64'), 's3://arm']
  ])

  const merged = mergedRegistration({ url: 's3://arm', images }, parseRegistration(registration({ urls: '{"s390x": "s3://z"}' })))

  t.equal(containerFrom(merged, options).url, 's3://x')
})

t.test('a misspelt architecture in urls is refused with the name that was meant', async (t) => {
  t.throws(() => stored({ urls: '{"aarch46": "s3://arm"}' }), {
    code: 'architecture_invalid',
    message: /"aarch46".*did you mean "aarch64"/
  })
  t.throws(() => stored({ urls: '{"X86_46": "s3://x"}' }), { code: 'architecture_invalid', message: /did you mean "x86_64"/ })
  t.equal(stored({ urls: '{"sparc64": "s3://s"}' }).urls, '{"sparc64": "s3://s"}')
  const old = new Map([[parseArchitecture('aarch46'), 's3://arm']])
  const kept = mergedRegistration({ url: 's3://x', images: old }, parseRegistration(registration({ urls: '{"s390x": "s3://z"}' })))
  t.match(
    containerFrom(kept, { ...options, stored: old }).urls,
    /"aarch46"/,
    'one that the record has already does not hinder other changes'
  )
})
