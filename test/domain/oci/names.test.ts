import t from 'tap'
import { archiveKey, parseArchiveKey } from '../../../src/domain/oci/documents.ts'
import { acceptedForm } from '../../../src/domain/oci/media-types.ts'
import { idsOf, namesArchitecture, parseOciPath, splitSuffix, tagNameOf } from '../../../src/domain/oci/names.ts'
import { everyType, indexType, manifestType } from '../../support/oci.ts'

const spelled: [string, string, string][] = [
  ['hello:v1', 'hello', 'v1'],
  ['hysds/hello:v1.0.0', 'hysds/hello', 'v1.0.0'],
  ['hello', 'hello', 'latest'],
  ['a__b-c.d/e--f:UPPER_1', 'a__b-c.d/e--f', 'UPPER_1']
]
for (const [id, repository, tag] of spelled) {
  t.test(`${id} is ${repository} and ${tag} to clients, and found again`, async (t) => {
    t.strictSame(tagNameOf(id), { repository, tag })
    t.ok(idsOf({ repository, tag }).includes(id))
  })
}

const unspelled: [string, RegExp][] = [
  ['Hello:v1', /upper case/],
  ['hello:1+2', /no tag/],
  [`hello:${'1'.repeat(129)}`, /128/],
  ['a___b:1', /no name/],
  ['registry:5000/hello:1', /no name/],
  ['hello-:1', /no name/],
  ['-hello:1', /no name/],
  ['a//b:1', /no name/],
  ['hello:', /no tag/],
  [`${'a'.repeat(256)}:1`, /255/]
]
for (const [id, why] of unspelled) t.test(`no client can spell ${id.slice(0, 40)}`, async (t) => t.match(tagNameOf(id), { why }))

const suffixes: [string, string | undefined, string | undefined][] = [
  ['v1-arm64', 'v1', 'arm64'],
  ['v1-aarch64', 'v1', 'arm64'],
  ['v1-amd64', 'v1', 'amd64'],
  ['v1-x86_64', 'v1', 'amd64'],
  ['v1-arm-v7', 'v1', 'arm/v7'],
  ['v1-ppc64le', 'v1', 'ppc64le'],
  ['v1', undefined, undefined],
  ['v1-arm', undefined, undefined],
  ['-arm64', undefined, undefined],
  ['arm64', undefined, undefined]
]
for (const [tag, base, architecture] of suffixes) {
  t.test(`${tag} ends like ${architecture ?? 'no architecture'}`, async (t) => {
    t.strictSame(splitSuffix(tag), base === undefined ? undefined : { base, architecture })
  })
}

t.test('names that stay single manifests', async (t) => {
  t.ok(namesArchitecture({ repository: 'operator-arm', tag: '1' }))
  t.ok(namesArchitecture({ repository: 'operator', tag: '1-amd64' }))
  t.notOk(namesArchitecture({ repository: 'alarm', tag: 'v1' }))
})

t.test('paths, however many slashes the name has', async (t) => {
  const digest = `sha256:${'a'.repeat(64)}`
  t.strictSame(parseOciPath('a/b/c/manifests/v1'), { kind: 'manifest', repository: 'a/b/c', reference: 'v1' })
  t.strictSame(parseOciPath(`a/blobs/${digest}`), { kind: 'blob', repository: 'a', digest })
  t.strictSame(parseOciPath('a/blobs/uploads/'), { kind: 'uploads', repository: 'a' })
  t.strictSame(parseOciPath('a/blobs/uploads/1f'), { kind: 'upload', repository: 'a', upload: '1f' })
  t.strictSame(parseOciPath('manifests/manifests/manifests'), { kind: 'manifest', repository: 'manifests', reference: 'manifests' })
  t.strictSame(parseOciPath('blobs/uploads/blobs/uploads/'), { kind: 'uploads', repository: 'blobs/uploads' })
  t.strictSame(parseOciPath(`a/referrers/${digest}`), { kind: 'referrers', repository: 'a', digest })
  t.equal(parseOciPath('a/other'), undefined)
  t.throws(() => parseOciPath('../manifests/v1'), { code: 'name_invalid' })
  t.throws(() => parseOciPath('a/blobs/sha256:AB'), { code: 'digest_invalid' })
})

const accepted: [string | undefined, string][] = [
  [undefined, 'oci-index'],
  ['*/*', 'oci-index'],
  [everyType, 'oci-index'],
  [`${manifestType}, ${indexType};q=0.5`, 'oci-index'],
  ['application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json', 'docker-list'],
  [manifestType, 'manifest'],
  ['application/vnd.docker.distribution.manifest.v2+json, */*', 'manifest']
]
for (const [accept, form] of accepted) t.test(`who accepts ${accept} takes ${form}`, async (t) => t.equal(acceptedForm(accept), form))

t.test('the key of a pushed image as a tarball is read back', async (t) => {
  const name = { repository: 'a/b/oci', tag: 'v1', digest: `sha256:${'0f'.repeat(32)}` }
  const key = archiveKey(name, 'arm64' as never)
  t.match(key, /\/a-b-oci-v1-arm64\.tar$/)
  t.strictSame(parseArchiveKey(key), name)
  for (const other of ['oci/archives/x.tar', 'oci/blobs/sha256/00', 'containers/a/b/c.tar']) t.equal(parseArchiveKey(other), undefined)
})
