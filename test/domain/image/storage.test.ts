import t from 'tap'
import { parseArchitecture } from '../../../src/domain/architecture.ts'
import { keyOfUrl, storageUrl, tarballKey } from '../../../src/domain/image/storage.ts'

const sha256 = '0123456789ab'.padEnd(64, 'c')
const key = (given: Partial<Parameters<typeof tarballKey>[0]> & { machine?: string }) => {
  const { machine = 'amd64', ...rest } = given
  return tarballKey({
    id: 'container-hello:v1',
    version: 'v1',
    architecture: parseArchitecture(machine),
    sha256,
    compression: 'gzip',
    ...rest
  })
}

t.test('a tarball is named as the builder names it', async (t) => {
  t.equal(key({}), 'containers/container-hello-v1/0123456789ab/container-hello-v1.tar.gz')
  t.equal(key({ machine: 'aarch64' }), 'containers/container-hello-v1/0123456789ab/container-hello-v1-arm64.tar.gz')
  t.equal(key({ machine: 'arm/v7', compression: 'none' }), 'containers/container-hello-v1/0123456789ab/container-hello-v1-arm-v7.tar')
  t.equal(key({ id: 'group/tool:2', version: '3' }), 'containers/group-tool-2/0123456789ab/group-tool-3.tar.gz')
  t.equal(key({ filename: 'given-arm64.tgz', machine: 'arm64' }), 'containers/container-hello-v1/0123456789ab/given-arm64.tar.gz')
})

t.test('whatever an id holds, the key is one that every store takes', async (t) => {
  for (const id of ['.leporello', '..', '../../etc/passwd', 'a\u0000b', 'é'.repeat(256), '\ud83d\ude00'.repeat(128), 'a\\b']) {
    const made = key({ id, version: id })
    const segments = made.split('/')
    t.equal(segments.length, 4, JSON.stringify(id))
    t.ok(
      segments.every((segment) => segment !== '' && !segment.startsWith('.') && Buffer.byteLength(segment) <= 255),
      made
    )
    t.notOk(made.includes('\u0000'), 'no control character')
  }
})

t.test('an address of ours names a key, under http and dav, and no other does', async (t) => {
  const addresses = ['https://registry.example/leporello', 'http://127.0.0.1:8888']
  const one = 'containers/a b/é%.tar'

  t.equal(keyOfUrl(storageUrl(addresses[0]!, one), addresses), one)
  t.equal(keyOfUrl('davs://REGISTRY.example/leporello/storage/x.tar', addresses), 'x.tar')
  t.equal(keyOfUrl('dav://127.0.0.1:8888/storage/x.tar', addresses), 'x.tar')
  for (const other of [
    'https://registry.example/storage/x.tar',
    'https://registry.example.evil/leporello/storage/x.tar',
    'http://127.0.0.1:88889/storage/x.tar',
    'http://127.0.0.1:8888/storage/',
    'http://127.0.0.1:8888/storage/%FF.tar',
    'http://127.0.0.1:8888/storage/x.tar?version=2',
    's3://127.0.0.1:8888/storage/x.tar'
  ]) {
    t.equal(keyOfUrl(other, addresses), undefined, other)
  }
})
