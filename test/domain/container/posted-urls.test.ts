import t from 'tap'
import { containerFrom, parseRegistration } from '../../../src/domain/container/container.ts'
import { checkedEdit, checkedRegistration, hasControls, registrable } from '../../../src/domain/container/posted-urls.ts'

const addresses = ['http://127.0.0.1:8888', 'https://registry.example.org/mozart', 'http://[::1]:8888']

t.test('credentials for this server are left out, and only those', async (t) => {
  const table: [string, string][] = [
    ['dav://ci:lep_x@127.0.0.1:8888/storage/a.tar.gz', 'dav://127.0.0.1:8888/storage/a.tar.gz'],
    ['http://ci:lep_x@[::1]:8888/storage/a.tar.gz', 'http://[::1]:8888/storage/a.tar.gz'],
    ['https://lep_x@REGISTRY.example.org./mozart/storage/a.tar', 'https://REGISTRY.example.org./mozart/storage/a.tar'],
    ['davs://ci:p@ss@registry.example.org:443/mozart/storage/a', 'davs://registry.example.org:443/mozart/storage/a'],
    ['dav://ci:x@registry.example.org:80//mozart/storage/a?b#c', 'dav://registry.example.org:80//mozart/storage/a?b#c'],
    ['http://ci:x@127.0.0.1:8888/api/v1/containers/a/download', 'http://127.0.0.1:8888/api/v1/containers/a/download'],
    // another server's, which workers need
    ['dav://ci:x@registry.example.org/repository/a.tar', 'dav://ci:x@registry.example.org/repository/a.tar'],
    ['dav://ci:x@127.0.0.1:8080/storage/a.tar', 'dav://ci:x@127.0.0.1:8080/storage/a.tar'],
    ['dav://ci:x@127.0.0.10:8888/storage/a.tar', 'dav://ci:x@127.0.0.10:8888/storage/a.tar'],
    ['s3://AKIA:x@127.0.0.1:8888/storage/a.tar', 's3://AKIA:x@127.0.0.1:8888/storage/a.tar'],
    ['http://other.org/x@127.0.0.1:8888/storage/a', 'http://other.org/x@127.0.0.1:8888/storage/a'],
    ['http://127.0.0.1:8888/storage/a@b.tar', 'http://127.0.0.1:8888/storage/a@b.tar']
  ]

  for (const [url, registered] of table) {
    const said: string[] = []
    t.equal(registrable(url, { addresses, shown: 'url', warn: ({ message }) => void said.push(message) }), registered)
    t.equal(said.length, url === registered ? 0 : 1, url)
    t.notMatch(said.join(), 'lep_x')
  }
})

t.test('control characters and masks are refused wherever a URL can be posted', async (t) => {
  for (const [wrong, words] of [
    ['s3://b/\nx', /control character U\+000A at position 7/],
    ['s3://b/\u0000', /U\+0000/],
    ['s3://b/\u2028', /U\+2028/],
    ['s3://***@b/x', /masked with \*\*\*/],
    ['https://b/x?sig=***&a=1', /masked with \*\*\*/]
  ] as const) {
    const fine = 's3://b/y'
    const refused = (work: () => unknown) => t.throws(work, { code: 'parameter_invalid', message: words }, encodeURIComponent(wrong))
    const registration = (url: string, urls: object) =>
      parseRegistration({ id: 'a', version: '1', digest: 'd', url, urls: JSON.stringify(urls) })

    refused(() => checkedRegistration(registration(wrong, {}), { addresses }))
    refused(() => checkedRegistration(registration(fine, { arm64: wrong }), { addresses }))
    for (const container of [{ url: wrong }, { images: { arm64: wrong } }, { images: { arm64: { url: wrong } } }]) {
      refused(() => checkedEdit({ op: 'put', container }, { addresses }))
      refused(() => checkedEdit({ op: 'patch', container }, { addresses }))
    }
    refused(() => checkedEdit({ op: 'put-image', architecture: 'arm64', url: wrong } as never, { addresses }))
  }
  t.ok(hasControls('a\tb'))
  t.notOk(hasControls('a b\u00e9'))
})

t.test('a registration without any of that stays byte for byte', async (t) => {
  const urls = '{"x86_64":"s3://b/x",  "amd64":"s3://b/x"}'
  const posted = parseRegistration({ id: 'a', version: '1', digest: 'd', url: '', urls })
  const options = { publicUrl: 'http://127.0.0.1:8888', guarded: [] }

  t.equal(containerFrom(checkedRegistration(posted, { addresses }), options).urls, urls)
})
