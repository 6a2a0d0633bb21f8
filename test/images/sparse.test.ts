import t from 'tap'
import { inspectImage } from '../../src/images/inspect-image.ts'
import { elf } from '../support/elf.ts'
import { baseLayer, inChunks, newDockerSave, oldDockerSave } from '../support/images.ts'
import { type Piece, sparseFile, sparseFormats } from '../support/sparse.ts'
import { type Entry, paxRecord, tar, tarHeader, withChecksum } from '../support/tar.ts'

/** An image whose base is amd64 and whose entry point is this file. */
const withEntryPoint = (...entries: Entry[]) => tar(oldDockerSave({ layers: [baseLayer(), entries], config: { Entrypoint: ['/app'] } }))

const inspect = async (bytes: Buffer, chunk?: number) => (await inspectImage(inChunks(bytes, chunk), { claimed: 'amd64' })).report

const program = elf('arm64', { size: 3000 })
const pieces: Piece[] = [
  { offset: 0, data: program },
  { offset: 8_000_000, data: Buffer.from('end') }
]

for (const format of sparseFormats) {
  t.test(`an entry point that is stored sparse (${format}) is read, whatever machine it is for`, async (t) => {
    const foreign = withEntryPoint(sparseFile('app', { pieces, format }))
    const native = withEntryPoint(sparseFile('app', { pieces: [{ offset: 0, data: elf('amd64') }], size: 1_000_000, format }))

    for (const chunk of [100, 512, 64 * 1024]) {
      t.match(await inspect(foreign, chunk), { verdict: 'mixed', images: [{ decisive: [{ path: '/app', architecture: 'arm64' }] }] })
      t.match(await inspect(native, chunk), { verdict: 'match', problems: [] })
    }
  })

  t.test(`a program whose header lies behind a hole (${format}) begins with zeros, so it is no program`, async (t) => {
    const report = await inspect(withEntryPoint(sparseFile('app', { pieces: [{ offset: 4, data: program }], format })))

    t.match(report.images[0]!.decisive[0], { path: '/app', kind: 'data' })
  })

  t.test(`members of the archive itself may be sparse (${format})`, async (t) => {
    const entries = newDockerSave().map((entry) => {
      const data = Buffer.from(entry.body ?? '')
      const half = Math.floor(data.length / 1024) * 512
      const halves = [
        { offset: 0, data: data.subarray(0, half) },
        { offset: half, data: data.subarray(half) }
      ]
      return entry.name?.startsWith('blobs/') ? sparseFile(entry.name, { pieces: halves, format }) : entry
    })

    const report = await inspect(tar(entries), 1000)

    t.match(report, { verdict: 'match', problems: [] }, report.summary)
  })

  t.test(`a map that does not fit its data (${format}) makes the layer unreadable`, async (t) => {
    const wrong: [string, Entry][] = [
      ['pieces that overlap', sparseFile('app', { pieces: [pieces[0]!, { offset: 10, data: Buffer.from('x') }], format })],
      ['a piece beyond the end', sparseFile('app', { pieces, size: 100, format })],
      ['data that no piece has', sparseFile('app', { pieces, format, more: Buffer.from('more') })],
      ['a size that is no number', sparseFile('app', { pieces, format, records: { 'GNU.sparse.size': 'x', 'GNU.sparse.realsize': 'x' } })],
      ['a directory', { ...sparseFile('app', { pieces, format }), flag: '5' }]
    ]

    for (const [title, entry] of wrong) {
      t.match(await inspect(withEntryPoint(entry)), { verdict: 'unreadable', problems: [{ code: 'tar_invalid' }] }, title)
    }
  })
}

t.test("holes of the archive's own members count as what it unpacks to", async (t) => {
  const huge = sparseFile('blob', { pieces: [{ offset: 2 ** 40, data: Buffer.from('x') }], format: '1.0' })

  const report = await inspect(tar([huge, ...oldDockerSave()]))

  t.match(report, { verdict: 'unreadable', problems: [{ code: 'unpacks_too_large' }] })
})

t.test('a file of a layer may have holes of terabytes, as /var/log/lastlog does', async (t) => {
  const lastlog = sparseFile('var/log/lastlog', { pieces: [{ offset: 2 ** 45, data: Buffer.from('x') }], format: '1.0' })

  const report = await inspect(withEntryPoint(lastlog, { name: 'app', body: elf('amd64') }))

  t.match(report, { verdict: 'match', problems: [] })
})

t.test('a sparse file of a version that Go does not know is what stands in the tar', async (t) => {
  const entry = { ...sparseFile('app', { pieces, format: '1.0' }), body: program }
  const unknown = { ...entry, pax: { ...entry.pax, 'GNU.sparse.major': '2' } }

  const report = await inspect(withEntryPoint({ ...unknown, name: 'app', pax: { ...unknown.pax, path: 'app' } }))

  t.match(report.images[0]!.decisive[0], { path: '/app', architecture: 'arm64' })
})

t.test('a map in many blocks is read, and one that never ends is refused', async (t) => {
  const many = Array.from({ length: 5000 }, (_, i) => ({
    offset: i * 1024,
    data: i === 0 ? program.subarray(0, 512) : Buffer.alloc(512, 'x')
  }))
  const endless: Entry = {
    name: 'app',
    pax: { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': 'app', 'GNU.sparse.realsize': '5' },
    body: Buffer.alloc(3 * 1024 * 1024, '9')
  }

  t.match(await inspect(withEntryPoint(sparseFile('app', { pieces: many, format: '1.0' }))), { verdict: 'mixed' })
  t.match(await inspect(withEntryPoint(endless)), { verdict: 'unreadable', problems: [{ code: 'tar_extension_too_large' }] })
})

t.test('headers are read as Go reads them', async (t) => {
  const app = { name: 'app', body: elf('amd64') }
  const long = (name: string): Entry => ({ name: '././@LongLink', flag: 'L', body: `${name}\0` })
  const global = (records: string): Entry => ({ name: 'g', flag: 'g', body: records })
  const pax = (records: string): Entry => ({ name: 'x', flag: 'x', body: records })
  const elsewhere = { name: 'elsewhere', body: elf('arm64') }
  const cases: [string, Entry[], string][] = [
    [
      'a global header takes what was said about the next member',
      [pax(paxRecord('path', 'app')), global(paxRecord('a', 'b')), elsewhere, app],
      'match'
    ],
    ['the last of two PAX headers counts', [pax(paxRecord('path', 'app')), pax(paxRecord('path', 'x')), elsewhere, app], 'match'],
    ['a long name beats a PAX header', [pax(paxRecord('path', 'x')), long('app'), elsewhere], 'mixed'],
    ['a global header must be valid, too', [global('nonsense'), app], 'unreadable'],
    ['an owner that is no number', [{ ...app, pax: { uid: 'me' } }], 'unreadable'],
    ['a time with a fraction', [{ ...app, pax: { mtime: '1700000000.123456789' } }], 'match'],
    ['a time that is none', [{ ...app, pax: { mtime: 'yesterday' } }], 'unreadable'],
    ['a mode that is no number', [{ raw: header('app', 100, 'rwxrwxr\0') }], 'unreadable'],
    ['a time before 1970', [{ raw: header('app', 136, '\xff'.repeat(12)) }], 'match']
  ]

  for (const [title, entries, verdict] of cases) t.equal((await inspect(withEntryPoint(...entries))).verdict, verdict, title)
})

/** A file's header and body with a field overwritten. */
function header(name: string, at: number, field: string): Buffer {
  const body = elf('amd64', { size: 448 })
  const bytes = tarHeader({ name, size: body.length })
  bytes.write(field, at, 'latin1')
  return Buffer.concat([withChecksum(bytes), body])
}

t.test(
  'a layer that ends behind the last byte of its last file, as umoci insert writes it, is whole; one cut in a file is not',
  async (t) => {
    const entries = [...baseLayer(), { name: 'app', body: elf('amd64', { size: 100 }) }]
    const whole = tar(entries).subarray(0, -1024)
    const body = elf('amd64', { size: 100 }).length
    const afterBody = whole.length - (512 - (body % 512))
    const cut = (length: number) =>
      inspectImage(inChunks(tar(oldDockerSave({ tars: [whole.subarray(0, length)], config: { Entrypoint: ['/app'] } }))))

    for (const length of [whole.length, whole.length - 1, afterBody + 1, afterBody]) {
      t.match((await cut(length)).report, { verdict: 'match', problems: [] }, `${whole.length - length} bytes less`)
    }
    for (const length of [afterBody - 1, afterBody - body + 1, afterBody - body - 1]) {
      t.match(
        (await cut(length)).report,
        { verdict: 'unreadable', problems: [{ code: 'truncated' }] },
        `${whole.length - length} bytes less`
      )
    }
  }
)
