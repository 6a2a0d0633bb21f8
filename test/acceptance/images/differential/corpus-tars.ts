import { gzipSync } from 'node:zlib'
import { elf } from '../../../support/elf.ts'
import { baseLayer, newDockerSave, ociLayout, oldDockerSave, type TestImage } from '../../../support/images.ts'
import { type Entry, pad, paxEntry, paxRecord, tar, tarHeader, withChecksum } from '../../../support/tar.ts'
import { byTurns, type Case, casesOf } from './case.ts'

const evil = elf('arm64', { size: 700 })
const program: Entry = { name: 'app/hello', body: evil }
const ended = tar([program])
const open = ended.subarray(0, ended.length - 1024)
const zeros = (blocks: number) => Buffer.alloc(512 * blocks)
const withMagic = (magic: string, entry: Entry) => {
  const header = tarHeader({ ...entry, size: evil.length })
  header.write(magic.padEnd(8, '\0'), 257, 'latin1')
  return Buffer.concat([withChecksum(header), pad(evil)])
}
const long = `${'deep/'.repeat(40)}hello`
const inPrefix = (() => {
  const header = tarHeader({ name: 'hello', size: evil.length })
  header.write('app', 345, 'latin1')
  return Buffer.concat([withChecksum(header), pad(evil)])
})()
const gnuLong = (flag: string, text: string): Entry => ({ name: '././@LongLink', flag, body: `${text}\0` })

/** The last layer's bytes as they are. */
const layers: Record<string, Buffer> = {
  'ends-after-the-bytes': open.subarray(0, 512 + evil.length),
  'ends-after-the-padding': open,
  'ends-after-one-block': Buffer.concat([open, zeros(1)]),
  'ends-in-the-padding': open.subarray(0, 512 + evil.length + 10),
  'ends-in-the-bytes': open.subarray(0, 512 + 300),
  'ends-in-the-header': open.subarray(0, 300),
  'ends-in-the-next-header': Buffer.concat([open, tarHeader({ name: 'x' }).subarray(0, 200)]),
  'ends-before-the-bytes': open.subarray(0, 512),
  'ends-in-an-extension': Buffer.concat([open, tar([paxEntry(paxRecord('path', 'x'))]).subarray(0, 520)]),
  'ends-after-an-extension': Buffer.concat([open, tar([paxEntry(paxRecord('path', 'x'))]).subarray(0, 1024)]),
  'many-empty-blocks': Buffer.concat([open, zeros(40)]),
  'bytes-after-the-end': Buffer.concat([ended, Buffer.alloc(700, 'x')]),
  'a-member-after-the-end': Buffer.concat([ended, tar([{ name: 'app/hello', body: elf('amd64') }])]),
  'one-empty-block-between': Buffer.concat([open, zeros(1), tar([{ name: 'app/hello', body: elf('amd64') }])]),
  'no-bytes': Buffer.alloc(0),
  'nothing-in-it': tar([]),
  'one-empty-block': zeros(1),
  'not-a-tar': Buffer.alloc(2000, 'x'),
  'old-unix': Buffer.concat([withMagic('', program), zeros(2)]),
  gnu: Buffer.concat([withMagic('ustar  ', program), zeros(2)]),
  'wrong-checksum': Buffer.concat([Buffer.from(open).fill('x', 100, 104), zeros(2)]),
  'name-in-prefix': Buffer.concat([inPrefix, zeros(2)])
}

/** Members that are named, typed or described in unusual ways. */
const members: Record<string, Entry[]> = {
  'leading-dot': [{ ...program, name: './app/hello' }],
  'leading-slash': [{ ...program, name: '/app/hello' }],
  'many-slashes': [{ ...program, name: 'app//hello' }],
  'dots-within': [{ ...program, name: 'app/../app/hello' }],
  'dots-out': [{ ...program, name: '../app/hello' }],
  'dots-far-out': [{ ...program, name: 'app/../../../app/hello' }],
  'trailing-slash': [{ ...program, name: 'app/hello/' }],
  'trailing-slash-old-type': [{ ...program, name: 'app/hello/', flag: '\0' }],
  'old-type': [{ ...program, flag: '\0' }],
  contiguous: [{ ...program, flag: '7' }],
  'unknown-type': [{ ...program, flag: 'V' }],
  'capital-type': [program, { name: 'label', flag: 'V' }],
  'empty-name': [{ name: '', body: 'x' }, program],
  'directory-with-size': [{ name: 'app/', flag: '5', size: 512, body: '' }, program],
  'link-with-size': [{ name: 'app/link', flag: '2', target: 'x', size: 512, body: '' }, program],
  'link-with-body': [{ name: 'app/link', flag: '2', target: 'x', body: tar([{ name: 'app/hello', body: elf('amd64') }]) }, program],
  'hard-link-with-body': [program, { name: 'app/two', flag: '1', target: 'app/hello', body: pad(Buffer.from('x')) }],
  'pax-path': [{ ...program, name: 'other', pax: { path: 'app/hello' } }],
  'pax-path-then-name': [{ ...program, name: 'other', pax: { path: '' } }, program],
  'pax-size': [{ ...program, size: 0, pax: { size: String(evil.length) } }],
  'pax-size-smaller': [
    {
      raw: Buffer.concat([
        tar([paxEntry(paxRecord('size', '64'))]).subarray(0, 1024),
        tarHeader({ name: 'app/hello', size: 9999 }),
        pad(elf('arm64'))
      ])
    }
  ],
  'pax-size-no-number': [{ ...program, pax: { size: 'ten' } }],
  'pax-twice': [paxEntry(paxRecord('path', 'other')), paxEntry(paxRecord('path', 'app/hello')), { ...program, name: 'x' }],
  'pax-record-twice': [paxEntry(paxRecord('path', 'other') + paxRecord('path', 'app/hello')), { ...program, name: 'x' }],
  'pax-bad-length': [paxEntry('99 path=app/hello\n'), { ...program, name: 'x' }],
  'pax-with-nul': [paxEntry(paxRecord('path', 'app/\0hello')), { ...program, name: 'x' }],
  'pax-global-path': [{ name: 'pax', flag: 'g', body: paxRecord('path', 'other') }, program],
  'pax-lower-than-long-name': [gnuLong('L', 'app/hello'), paxEntry(paxRecord('path', 'other')), { ...program, name: 'x' }],
  'pax-mode': [{ ...program, pax: { mode: '0' } }],
  'pax-xattr': [{ ...program, pax: { 'SCHILY.xattr.user.x': 'y' } }],
  'pax-time': [{ ...program, pax: { mtime: '1.5' } }],
  'pax-time-no-number': [{ ...program, pax: { mtime: 'now' } }],
  'pax-uid-no-number': [{ ...program, pax: { uid: 'root' } }],
  'pax-charset': [{ ...program, pax: { hdrcharset: 'BINARY' } }],
  'gnu-long-name': [gnuLong('L', 'app/hello'), { ...program, name: 'x' }],
  'gnu-long-name-twice': [gnuLong('L', 'other'), gnuLong('L', 'app/hello'), { ...program, name: 'x' }],
  'gnu-long-link': [{ ...program, name: 'app/other' }, gnuLong('K', 'app/other'), { name: 'app/hello', flag: '1', target: 'x' }],
  'very-long-name': [
    { ...program, name: long },
    { name: 'app/hello', flag: '1', target: long }
  ],
  'size-in-base-256': [{ ...program, sizeField: base256(evil.length) }],
  'size-with-spaces': [{ ...program, sizeField: Buffer.from(`${evil.length.toString(8).padStart(10)} \0`) }],
  'size-negative': [{ ...program, sizeField: Buffer.alloc(12, 0xff) }],
  'size-no-number': [{ ...program, sizeField: Buffer.from('1234567890x\0') }],
  'size-empty': [{ ...program, sizeField: Buffer.alloc(12) }]
}

function base256(value: number): Buffer {
  const field = Buffer.alloc(12)
  field[0] = 0x80
  field.writeUInt32BE(value, 8)
  return field
}

/** Gzip as it is found: several members, cut off, with something behind it. */
const gzips: Record<string, (bytes: Buffer) => Buffer> = {
  'two-members': (bytes) => Buffer.concat([gzipSync(bytes.subarray(0, 700)), gzipSync(bytes.subarray(700))]),
  'zeros-after': (bytes) => Buffer.concat([gzipSync(bytes), Buffer.alloc(20)]),
  'text-after': (bytes) => Buffer.concat([gzipSync(bytes), Buffer.from('hello')]),
  'cut-off': (bytes) => gzipSync(bytes).subarray(0, -20),
  'cut-in-the-checksum': (bytes) => gzipSync(bytes).subarray(0, -4),
  'wrong-checksum': (bytes) => {
    const packed = gzipSync(bytes)
    packed[packed.length - 6]! ^= 1
    return packed
  }
}

export function tarCases(): Case[] {
  return [
    ...Object.entries(layers).flatMap(([name, layer]) => casesOf(`tar/${name}`, { tars: [tar(baseLayer()), layer] })),
    ...byTurns(Object.entries(members).map(([name, layer]) => [`tar/${name}`, { layers: [baseLayer(), layer] }])),
    ...Object.entries(gzips).flatMap(([name, change]) => [
      whole(`gzip/whole-${name}`, change(tar(oldDockerSave()))),
      whole(`gzip/layer-${name}`, tar(withLastLayer({ layers: [baseLayer(), [program]] }, change)))
    ]),
    ...outerCases()
  ]
}

const whole = (name: string, bytes: Buffer): Case => ({ name, bytes, forms: ['docker-archive'], machine: 'amd64' })

const withLastLayer = (image: TestImage, change: (bytes: Buffer) => Buffer): Entry[] => {
  const entries = oldDockerSave(image)
  const last = entries.findLast(({ name }) => name?.endsWith('layer.tar'))!
  return entries.map((entry) => (entry === last ? { ...entry, body: change(entry.body as Buffer) } : entry))
}

/** No other archive has its layer: podman takes one that it knows without reading it. */
function layerAsHardLink(): Entry[] {
  const entries = oldDockerSave({ layers: [baseLayer(), [program, { name: 'app/alone', body: 'alone' }]] })
  const layer = entries.findLast(({ name }) => name?.endsWith('layer.tar'))!
  const others = entries.filter((entry) => entry !== layer)
  return [{ ...layer, name: 'real.tar' }, ...others, { name: layer.name!, flag: '1', target: 'real.tar' }]
}

/** The archive itself: members twice, behind links, in another order, under other names. */
function outerCases(): Case[] {
  const image: TestImage = { layers: [baseLayer(), [program]] }
  const old = oldDockerSave(image)
  const renamed = (entries: Entry[], rename: (name: string) => string) => entries.map((entry) => ({ ...entry, name: rename(entry.name!) }))
  const manifest = old.find(({ name }) => name === 'manifest.json')!
  const layer = old.findLast(({ name }) => name?.endsWith('layer.tar'))!
  const others = old.filter((entry) => entry !== layer)
  const docker: Record<string, Entry[] | Buffer> = {
    'leading-dots': renamed(old, (name) => `./${name}`),
    'leading-slashes': renamed(old, (name) => `/${name}`),
    'manifest-first': [manifest, ...old.filter((entry) => entry !== manifest)],
    'manifest-twice-same': [manifest, ...old],
    'manifest-twice': [...old, { ...manifest, body: String(manifest.body).replace('hello:1', 'other:1') }],
    'layer-twice': [{ ...layer, body: tar([{ name: 'app/hello', body: elf('amd64') }]) }, ...old],
    'layer-as-link': [{ ...layer, name: 'real.tar' }, ...others, { name: layer.name!, flag: '2', target: '../real.tar' }],
    'layer-as-hard-link': layerAsHardLink(),
    'layer-absent': others,
    'manifest-after-the-end': Buffer.concat([tar(old.filter((entry) => entry !== manifest)), tar([manifest])]),
    'no-end': tar(old).subarray(0, -1024),
    'manifest-sparse': [
      {
        ...manifest,
        pax: {
          'GNU.sparse.major': '0',
          'GNU.sparse.minor': '1',
          'GNU.sparse.map': `0,${manifest.body!.length}`,
          'GNU.sparse.size': String(manifest.body!.length),
          'GNU.sparse.numblocks': '1'
        }
      },
      ...old.filter((entry) => entry !== manifest)
    ]
  }
  const layout: Record<string, Entry[]> = {
    'leading-dots': renamed(ociLayout(image), (name) => `./${name}`),
    'index-first': ociLayout(image).reverse(),
    'no-oci-layout': ociLayout(image).filter(({ name }) => name !== 'oci-layout'),
    'blob-absent': ociLayout(image).slice(1),
    'both-disagree': [...ociLayout(image), ...newDockerSave().filter(({ name }) => name !== 'index.json' && name !== 'oci-layout')]
  }
  const bytesOf = (entries: Entry[] | Buffer) => (Buffer.isBuffer(entries) ? entries : tar(entries))
  return [
    ...Object.entries(docker).map(([name, entries]) => whole(`archive/${name}.old`, bytesOf(entries))),
    ...Object.entries(layout).map(
      ([name, entries]): Case => ({
        name: `archive/${name}.oci`,
        bytes: tar(entries),
        forms: name === 'both-disagree' ? ['docker-archive', 'oci-archive'] : ['oci-archive'],
        machine: 'amd64'
      })
    )
  ]
}
