import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { type InspectOptions, inspectImage } from '../../src/images/inspect-image.ts'
import type { ProblemCode } from '../../src/images/problems.ts'
import { elf } from '../support/elf.ts'
import { baseLayer, craneTarball, inChunks, newDockerSave, ociLayout, oldDockerSave, sha256 } from '../support/images.ts'
import { type Entry, paxEntry, paxRecord, tar, tarHeader } from '../support/tar.ts'
import { blockHeader, zstd, zstdBomb, zstdHeader } from '../support/zstd.ts'

const inspect = async (bytes: Buffer, options: InspectOptions = {}) => (await inspectImage(inChunks(bytes), options)).report

/** Every hostile archive has its named reason, and a report of bounded size. */
function refuses(title: string, { code, bytes, options = {} }: { code: ProblemCode; bytes: () => Buffer; options?: InspectOptions }) {
  t.test(`${title}: ${code}`, async (t) => {
    const report = await inspect(bytes(), options)

    t.equal(report.verdict, 'unreadable')
    t.ok(
      report.problems.some((problem) => problem.code === code && problem.fatal),
      JSON.stringify(report.problems)
    )
    t.ok(JSON.stringify(report).length < 200_000, 'the report is small')
  })
}

/** An image whose second layer is this. */
const withLayer = (layer: Entry[]) => tar(oldDockerSave({ layers: [baseLayer(), layer] }))

/** The usual archive, one member replaced. */
const replaced = (entries: Entry[], pattern: RegExp, entry: Partial<Entry>) =>
  tar(entries.map((one) => (pattern.test(one.name ?? '') ? { ...one, ...entry } : one)))

const huge = (bytes: number) => {
  const field = Buffer.alloc(12)
  field[0] = 0x80
  field.writeUIntBE(bytes, 6, 6)
  return field
}

refuses('nothing at all', { code: 'empty', bytes: () => Buffer.alloc(0) })
refuses('text', { code: 'not_a_tar', bytes: () => Buffer.from('hello '.repeat(1000)) })
refuses('a few bytes', { code: 'not_a_tar', bytes: () => Buffer.from('x') })
refuses('gzip of nothing', { code: 'empty', bytes: () => gzipSync('') })
refuses('an empty tar', { code: 'manifest_absent', bytes: () => tar([]) })
refuses('a tar of files', { code: 'manifest_absent', bytes: () => tar(baseLayer()) })
refuses('gzip in gzip', { code: 'compressed_twice', bytes: () => gzipSync(gzipSync(tar(oldDockerSave()))) })
refuses('xz', { code: 'compression_unsupported', bytes: () => Buffer.concat([Buffer.from('fd377a585a0000', 'hex'), randomBytes(600)]) })
refuses('a layer in xz', {
  code: 'compression_unsupported',
  bytes: () => replaced(craneTarball(), /gz$/, { body: Buffer.from('fd377a585a0000', 'hex') })
})
refuses('a layer in gzip in gzip', {
  code: 'compressed_twice',
  bytes: () => replaced(oldDockerSave(), /layer\.tar$/, { body: gzipSync(gzipSync(tar(baseLayer()))) })
})
refuses('a layer that is text', {
  code: 'layer_not_tar',
  bytes: () => replaced(oldDockerSave(), /layer\.tar$/, { body: 'x'.repeat(2000) })
})
refuses('gzip of a layer that is text', {
  code: 'layer_not_tar',
  bytes: () => replaced(oldDockerSave(), /layer\.tar$/, { body: gzipSync('x'.repeat(2000)) })
})
refuses('a tar within that is no layer', {
  code: 'diff_id_mismatch',
  bytes: () => replaced(oldDockerSave(), /layer\.tar$/, { body: tar([]) })
})

// bombs and floods
const small = { limits: { ratioFromBytes: 4 * 1024 * 1024 } }
const zeros = () => Buffer.alloc(16 * 1024 * 1024)
refuses('a gzip bomb', {
  code: 'unpacks_too_large',
  bytes: () => gzipSync(tar([{ name: 'zeros', body: zeros() }, ...oldDockerSave()])),
  options: small
})
refuses('a gzip bomb as a layer', {
  code: 'unpacks_too_large',
  bytes: () => tar(craneTarball({ layers: [[{ name: 'zeros', body: zeros() }]] })),
  options: small
})
refuses('a zstd bomb', { code: 'unpacks_too_large', bytes: () => zstdBomb(500), options: small })
refuses('more than may be unpacked', {
  code: 'unpacks_too_large',
  bytes: () => gzipSync(tar([...oldDockerSave(), { name: 'noise', body: randomBytes(300_000) }])),
  options: { limits: { unpackedBytes: 200_000 } }
})
refuses('a zstd window of 2 GB', { code: 'zstd_window_too_large', bytes: () => zstd(tar(oldDockerSave()), { window: 31 }) })
refuses('zstd blocks of one byte over a large window', {
  code: 'too_much_work',
  bytes: () => {
    const block = Buffer.concat([blockHeader({ last: false, type: 1, size: 1 }), Buffer.alloc(1)])
    return Buffer.concat([zstdHeader(25), ...Array.from({ length: 8000 }, () => block)])
  },
  options: { limits: { zstdMovedBytes: 2 ** 30 } }
})
refuses('a million members', {
  code: 'too_many_members',
  bytes: () => Buffer.concat([...Array.from({ length: 60_000 }, () => tarHeader({ name: 'x' })), Buffer.alloc(1024)])
})
refuses('a layer with too many files', {
  code: 'too_many_files',
  bytes: () => withLayer(Array.from({ length: 2000 }, (_, i) => ({ name: `f${i}` }))),
  options: { limits: { entries: 1000 } }
})
refuses('a layer with too long names', {
  code: 'too_many_files',
  bytes: () => withLayer(Array.from({ length: 300 }, (_, i) => ({ name: `${i}/${'n'.repeat(3000)}` }))),
  options: { limits: { namesLength: 500_000 } }
})
refuses('directories that only stand in the paths of others', {
  code: 'too_many_files',
  bytes: () => withLayer(Array.from({ length: 30 }, (_, i) => ({ name: `${i}/${'d/'.repeat(50)}f` }))),
  options: { limits: { directories: 1000 } }
})
refuses('a layer that changes too much', {
  code: 'too_many_files',
  bytes: () => withLayer(Array.from({ length: 2000 }, (_, i) => ({ name: `f${i}`, flag: '2', target: 'x' }))),
  options: { limits: { changes: 1000 } }
})
refuses('layers that take too long to lay over one another', {
  code: 'too_much_work',
  bytes: () => withLayer(Array.from({ length: 2000 }, (_, i) => ({ name: `${'d/'.repeat(40)}${i}`, flag: '2', target: 'x' }))),
  options: { limits: { steps: 50_000 } }
})

// tar
refuses('100 GB declared', {
  code: 'truncated',
  bytes: () => Buffer.concat([tarHeader({ name: 'x', sizeField: huge(100e9) }), Buffer.alloc(5000)])
})
refuses('a negative size', {
  code: 'tar_invalid',
  bytes: () => tar([{ raw: tarHeader({ name: 'x', sizeField: Buffer.alloc(12, 0xff) }) }, ...oldDockerSave()])
})
refuses('a size beyond all numbers', {
  code: 'tar_invalid',
  bytes: () => tar([{ raw: tarHeader({ name: 'x', sizeField: Buffer.alloc(12, 0xbf) }) }, ...oldDockerSave()])
})
refuses('a size that is no number', {
  code: 'tar_invalid',
  bytes: () => tar([...oldDockerSave(), { raw: tarHeader({ name: 'x', sizeField: Buffer.from('not a number') }) }])
})
refuses('a wrong checksum', { code: 'tar_invalid', bytes: () => tar([...oldDockerSave(), { raw: Buffer.alloc(512, 'x') }]) })
refuses('a lone empty block between members', {
  code: 'tar_invalid',
  bytes: () => tar([...oldDockerSave(), { raw: Buffer.alloc(512) }, { name: 'x' }])
})
refuses('a manifest after the end of the tar', {
  code: 'manifest_absent',
  bytes: () => tar([{ name: 'x' }, { raw: Buffer.alloc(1024) }, ...oldDockerSave()])
})
for (const size of ['-1', '99999999999999999999', '1e3', '0x10', '']) {
  refuses(`a PAX size of ${JSON.stringify(size)}`, {
    code: 'tar_extension_invalid',
    bytes: () => tar([{ name: 'x', pax: { size } }, ...oldDockerSave()])
  })
}
for (const records of ['-9 size=1\n', '5 a=b\n', '99 path=x\n', 'path=x\n', '0 \n', `${paxRecord('path', 'a\0b')}`]) {
  refuses(`PAX records ${JSON.stringify(records)}`, {
    code: 'tar_extension_invalid',
    bytes: () => tar([paxEntry(records), ...oldDockerSave()])
  })
}
refuses('a PAX header of 8 GB', {
  code: 'tar_extension_too_large',
  bytes: () => tar([{ raw: tarHeader({ flag: 'x', size: 8e9 }) }, ...oldDockerSave()])
})
refuses('a GNU long name of 1 GB', { code: 'tar_extension_too_large', bytes: () => tar([{ raw: tarHeader({ flag: 'L', size: 1e9 }) }]) })
refuses('a GNU long name without end', {
  code: 'truncated',
  bytes: () => Buffer.concat([tarHeader({ flag: 'L', size: 5000 }), Buffer.alloc(600, 'x')])
})
refuses('a sparse member', {
  code: 'sparse_file',
  bytes: () => replaced(oldDockerSave(), /layer\.tar$/, { flag: 'S' })
})

refuses('a sparse file of the old GNU type in a layer', { code: 'sparse_file', bytes: () => withLayer([{ name: 'sparse', flag: 'S' }]) })
for (const flag of ['7', 'V', 'D', 'M', 'X']) {
  refuses(`a file of the type ${flag} in a layer, as no loader unpacks it`, {
    code: 'member_type_unknown',
    bytes: () => withLayer([{ name: 'odd', flag, body: 'x' }])
  })
}

// names and links
refuses('a member that leads out', {
  code: 'path_traversal',
  bytes: () => tar([{ name: '../../etc/passwd', body: 'x' }, ...oldDockerSave()])
})
refuses('a file that leads out of its layer', { code: 'path_traversal', bytes: () => withLayer([{ name: 'a/../../b', body: 'x' }]) })
refuses('a hard link that leads out of its layer', {
  code: 'link_outside',
  bytes: () => withLayer([{ name: 'a', flag: '1', target: '../etc/shadow' }])
})
refuses('layers that are links to each other', {
  code: 'layer_absent',
  bytes: () => replaced(oldDockerSave({ layers: [baseLayer()] }), /layer\.tar$/, { flag: '2', target: 'layer.tar', body: '' })
})

// manifests
refuses('two manifests', { code: 'member_ambiguous', bytes: () => tar([{ name: 'manifest.json', body: '[]' }, ...oldDockerSave()]) })
refuses('two layers of one name', {
  code: 'member_ambiguous',
  bytes: () => {
    const entries = oldDockerSave()
    return tar([...entries, { name: entries.find(({ name }) => name?.endsWith('layer.tar'))!.name!, body: tar([{ name: 'x' }]) }])
  }
})
refuses('no configuration', {
  code: 'config_absent',
  bytes: () => tar(oldDockerSave().filter(({ name }) => !/^[0-9a-f]{64}\.json$/.test(name!)))
})
refuses('no layer', { code: 'layer_absent', bytes: () => tar(oldDockerSave().filter(({ name }) => !name!.endsWith('layer.tar'))) })
refuses('a configuration that is a list', {
  code: 'config_invalid',
  bytes: () => replaced(oldDockerSave(), /^[0-9a-f]{64}\.json$/, { body: '[]' })
})
refuses('a changed configuration', {
  code: 'digest_mismatch',
  bytes: () => replaced(oldDockerSave(), /^[0-9a-f]{64}\.json$/, { body: '{"architecture":"arm64"}' })
})
refuses('a changed layer', {
  code: 'diff_id_mismatch',
  bytes: () => replaced(oldDockerSave(), /layer\.tar$/, { body: tar([{ name: 'x', body: elf('arm64') }]) })
})
refuses('a changed blob', { code: 'digest_mismatch', bytes: () => replaced(ociLayout(), /^blobs/, { body: tar([{ name: 'x' }]) }) })
refuses('one layer too few', {
  code: 'layers_disagree',
  bytes: () => tar(oldDockerSave({ document: { rootfs: { type: 'layers', diff_ids: [] } } }))
})
for (const [body, code] of [
  ['{"a":', 'json_invalid'],
  ['[', 'json_invalid'],
  ['{}', 'manifest_invalid'],
  ['[]', 'manifest_invalid'],
  ['[1]', 'manifest_invalid'],
  ['[{"Config":3,"Layers":"x"}]', 'manifest_invalid'],
  ['[{"Config":"x","Layers":[null]}]', 'manifest_invalid'],
  ['['.repeat(100_000), 'json_too_deep'],
  [`[${' '.repeat(5_000_000)}]`, 'json_too_large'],
  ['\xff\xfe', 'json_invalid']
] satisfies [string, ProblemCode][]) {
  refuses(`the manifest ${JSON.stringify(body.slice(0, 30))}`, {
    code,
    bytes: () => replaced(oldDockerSave(), /^manifest\.json$/, { body })
  })
}
refuses('1000 images', {
  code: 'too_many_images',
  bytes: () =>
    replaced(oldDockerSave(), /^manifest\.json$/, {
      body: JSON.stringify(Array.from({ length: 1000 }, () => ({ Config: 'x', Layers: ['y'] })))
    })
})
refuses('1000 layers', {
  code: 'too_many_layers',
  bytes: () => replaced(oldDockerSave(), /^manifest\.json$/, { body: JSON.stringify([{ Config: 'x', Layers: Array(1000).fill('y') }]) })
})
refuses('an index that leads nowhere', {
  code: 'image_absent',
  bytes: () => replaced(ociLayout(), /^index\.json$/, { body: JSON.stringify({ manifests: [{ digest: `sha256:${'0'.repeat(64)}` }] }) })
})
refuses('an index with a digest that is a path', {
  code: 'digest_unsupported',
  bytes: () => replaced(ociLayout(), /^index\.json$/, { body: JSON.stringify({ manifests: [{ digest: 'sha256:../../../etc/passwd' }] }) })
})
refuses('a size that a blob has not', {
  code: 'size_mismatch',
  bytes: () => {
    const entries = ociLayout()
    const index = JSON.parse(String(entries.find(({ name }) => name === 'index.json')!.body)) as { manifests: { size: number }[] }
    index.manifests[0]!.size++
    return replaced(entries, /^index\.json$/, { body: JSON.stringify(index) })
  }
})
refuses('indexes deeper than any', {
  code: 'index_too_deep',
  bytes: () => {
    const blobs: Entry[] = []
    let digest = `sha256:${'0'.repeat(64)}`
    for (let i = 0; i < 10; i++) {
      const body = JSON.stringify({ manifests: [{ digest }], i })
      digest = `sha256:${sha256(body)}`
      blobs.push({ name: `blobs/sha256/${sha256(body)}`, body })
    }
    return tar([...blobs, { name: 'index.json', body: JSON.stringify({ manifests: [{ digest }] }) }])
  }
})

t.test('an archive is unreadable wherever it breaks off, plain and packed, and never by mistake', async (t) => {
  const plain = tar(oldDockerSave({ packing: 'gzip' }))
  for (const whole of [plain, gzipSync(plain), zstd(plain, { checksum: true })]) {
    for (let at = 0; at < whole.length; at += 97) {
      const report = await inspect(whole.subarray(0, at))
      const harmless = whole === plain && endsWithoutLoss(plain, at)
      if (report.verdict !== 'unreadable' && !harmless) t.fail(`${report.verdict} at ${at} of ${whole.length}`)
    }
    t.equal((await inspect(whole)).verdict, 'match')
  }
})

/** Whether only padding or the end mark is missing behind a member, and the manifest stands before it: Go's reader takes that. */
function endsWithoutLoss(whole: Buffer, at: number): boolean {
  const bodyOf = (name: string) => whole.indexOf(`${name}\0`) + 512
  const [manifest, repositories] = [bodyOf('manifest.json'), bodyOf('repositories')]
  const sizeAt = (body: number) => Number.parseInt(whole.toString('latin1', body - 512 + 124, body - 512 + 135), 8)
  return (at >= manifest + sizeAt(manifest) && at <= repositories - 512) || at >= repositories + sizeAt(repositories)
}

t.test('flipped bits in packed data are seen', async (t) => {
  const whole = gzipSync(tar(newDockerSave()))
  for (let at = 20; at < whole.length - 8; at += 41) {
    const bytes = Buffer.from(whole)
    bytes[at]! ^= 0x10
    const report = await inspect(bytes)
    if (report.verdict !== 'unreadable') t.fail(`${report.verdict} with a bit flipped at ${at}`)
  }
  t.equal((await inspect(whole)).verdict, 'match')
})

t.test('what is odd but harmless is read', async (t) => {
  const odd: [string, Buffer][] = [
    ['bytes after the end', Buffer.concat([tar(oldDockerSave()), randomBytes(100_000)])],
    ['no end', tar(oldDockerSave()).subarray(0, -1024)],
    ['bytes after gzip', Buffer.concat([gzipSync(tar(oldDockerSave())), Buffer.alloc(200_000)])],
    [
      'gzip in several pieces',
      Buffer.concat([gzipSync(tar(oldDockerSave()).subarray(0, 3000)), gzipSync(tar(oldDockerSave()).subarray(3000))])
    ],
    ['zstd in several frames with one to skip', zstdPieces(tar(oldDockerSave()))],
    ['names with ./', tar(oldDockerSave().map((entry) => ({ ...entry, name: `./${entry.name}` })))],
    ['a global PAX header', tar([{ name: 'g', flag: 'g', body: paxRecord('path', 'elsewhere') }, ...oldDockerSave()])],
    [
      'a symbolic link with a size, which has no body',
      tar([{ raw: tarHeader({ name: 'l', flag: '2', target: 'x', size: 99999 }) }, ...oldDockerSave()])
    ],
    [
      'PAX records twice, the last one counting',
      tar([paxEntry(paxRecord('path', 'manifest.json') + paxRecord('path', 'x')), { name: 'y', body: '[]' }, ...oldDockerSave()])
    ],
    ['a signed checksum', tar([{ raw: signed(tarHeader({ name: 'n\xfcr' })) }, ...oldDockerSave()])],
    [
      'a device and a name that is too long',
      withLayer([{ name: 'dev/null', flag: '3' }, { name: 'x'.repeat(5000) }, { name: 'app/hello', body: elf('amd64') }])
    ]
  ]

  for (const [title, bytes] of odd) {
    const report = await inspect(bytes)
    t.equal(report.verdict, 'match', `${title}: ${report.summary}`)
  }
})

const zstdPieces = (bytes: Buffer) =>
  Buffer.concat([
    zstd(bytes.subarray(0, 3000)),
    Buffer.from('5a2a4d1803000000616263', 'hex'),
    zstd(bytes.subarray(3000), { checksum: true })
  ])

function signed(header: Buffer): Buffer {
  header.write('        ', 148)
  let sum = 0
  for (const byte of header) sum += byte > 127 ? byte - 256 : byte
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

t.test('a directory may hold more directories than fit on a stack', async (t) => {
  const directories = Array.from({ length: 150_000 }, (_, i) => ({ name: `d${i}/`, flag: '5' }))

  const { report } = await inspectImage(inChunks(withLayer(directories)))

  t.equal(report.verdict, 'match', report.summary)
})

t.test('a flood of problems neither fills the report nor hides the others', async (t) => {
  const report = await inspect(
    withLayer([...Array.from({ length: 3000 }, (_, i) => ({ name: `../${i}`, body: 'x' })), { name: 'l', flag: '1', target: '../x' }])
  )

  t.ok(report.problems.length <= 50)
  t.equal(report.verdict, 'unreadable')
})

t.test("a report's texts are bounded, whatever stands in the configuration", async (t) => {
  const long = 'x'.repeat(500_000)
  const labels = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`${i}${long.slice(0, 300)}`, '1']))
  const bytes = tar(oldDockerSave({ tags: Array(10_000).fill('t'), config: { Labels: labels, User: long, Cmd: [long], WorkingDir: long } }))

  const report = await inspect(bytes)

  t.equal(report.verdict, 'match')
  t.ok(JSON.stringify(report).length < 100_000)
})

t.test('the error of a source is thrown as it is, for it says nothing about the archive', async (t) => {
  for (const whole of [tar(oldDockerSave()), gzipSync(tar(oldDockerSave())), Buffer.alloc(3)]) {
    async function* broken() {
      yield whole.subarray(0, 2000)
      throw new Error('connection lost')
    }
    await t.rejects(inspectImage(broken()), { message: 'connection lost' })
  }
  await t.rejects(inspectImage(inChunks(Buffer.alloc(0)), { claimed: 'no such thing' }), { code: 'architecture_invalid' })
})

t.test('a source is read to its end, also when nothing in it is looked at any more', async (t) => {
  for (const whole of [
    Buffer.alloc(3_000_000, 'x'),
    Buffer.concat([gzipSync('x'), randomBytes(3_000_000)]),
    zstdBomb(500),
    gzipSync(Buffer.alloc(40_000_000))
  ]) {
    const { tarball } = await inspect(whole, small)
    t.equal(tarball.size, whole.length)
    t.equal(tarball.sha256, sha256(whole))
  }
})
