import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { elf, type Machine } from '../../../support/elf.ts'
import { baseLayer } from '../../../support/images.ts'
import { type Piece, sparseFile, sparseFormats } from '../../../support/sparse.ts'
import { type Entry, pad, tar, tarHeader, withChecksum } from '../../../support/tar.ts'
import { type Case, casesOf } from './case.ts'

const hole = 1 << 20
const name = 'app/hello'
const size = hole * 4
const piece = (offset: number, data: Buffer | string): Piece => ({ offset, data: Buffer.from(data) })

/** An entry point whose bytes stand in one piece, in pieces that split its header, behind a hole, or as long as its headers reach. */
const shapes: Record<string, (program: Buffer) => Piece[]> = {
  'one-piece': (program) => [piece(0, program), piece(hole, 'end')],
  'two-pieces': (program) => [piece(0, program.subarray(0, 10)), piece(10, program.subarray(10))],
  'zeros-left-out': (program) => [piece(0, program.subarray(0, 24)), piece(hole, 'x')],
  'begins-with-a-hole': (program) => [piece(4096, program)],
  'nothing-but-a-hole': () => [],
  'many-pieces': (program) => [piece(0, program), ...Array.from({ length: 60 }, (_, i) => piece((i + 1) * 65536, 'x'))]
}

/** The type of GNU tar's own, with the map in its header, and in blocks after it when it is long. */
function oldGnu(pieces: Piece[]): Entry {
  const octal = (value: number) => `${value.toString(8).padStart(11, '0')}\0`
  const map = [...pieces, piece(size, '')].flatMap(({ offset, data }) => [offset, data.length])
  const body = Buffer.concat(pieces.map(({ data }) => data))
  const header = tarHeader({ name, flag: 'S', size: body.length })
  header.write('ustar  \0', 257, 'latin1')
  for (const [i, value] of map.slice(0, 8).entries()) header.write(octal(value), 386 + i * 12)
  header.writeUInt8(map.length > 8 ? 1 : 0, 482)
  header.write(octal(size), 483)
  const further: Buffer[] = []
  for (let at = 8; at < map.length; at += 42) {
    const block = Buffer.alloc(512)
    for (const [i, value] of map.slice(at, at + 42).entries()) block.write(octal(value), i * 12)
    block.writeUInt8(at + 42 < map.length ? 1 : 0, 504)
    further.push(block)
  }
  return { raw: Buffer.concat([withChecksum(header), ...further, pad(body)]) }
}

const kinds: Record<string, (pieces: Piece[]) => Entry> = {
  ...Object.fromEntries(sparseFormats.map((format) => [`pax-${format}`, (pieces: Piece[]) => sparseFile(name, { pieces, format, size })])),
  'old-gnu': oldGnu
}

const arm64 = elf('arm64')
const version = (major: string, minor: string) => ({ 'GNU.sparse.major': major, 'GNU.sparse.minor': minor })
const with01 = (pieces: Piece[]) => sparseFile(name, { pieces, format: '0.1', size })

/** What claims to be sparse and is not, or whose map makes no sense. */
const faulty: Record<string, Entry> = {
  'map-backwards': with01([piece(4096, arm64), piece(0, 'x')]),
  'map-overlaps': with01([piece(0, arm64), piece(32, elf('amd64'))]),
  'map-beyond-size': with01([piece(hole * 8, arm64)]),
  'no-map': { name, body: arm64, pax: { ...version('1', '0'), 'GNU.sparse.realsize': '64' } },
  'map-not-numbers': { name, body: pad(Buffer.from('one\n0\n64\n')), pax: { ...version('1', '0'), 'GNU.sparse.realsize': '64' } },
  'version-2.0': { name, body: arm64, pax: { ...version('2', '0'), 'GNU.sparse.realsize': '64' } },
  'size-alone': { name, body: arm64, pax: { 'GNU.sparse.size': '64' } },
  'name-alone': { name: 'elsewhere', body: arm64, pax: { 'GNU.sparse.name': name } },
  'realsize-alone': { name, body: arm64, pax: { 'GNU.sparse.realsize': '4096' } },
  'link-with-map': { name, flag: '2', target: '/bin/sh', pax: { ...version('0', '1'), 'GNU.sparse.map': '0,64' } }
}

/** Entry points that are stored with holes, before other files, for the machine that is claimed and for another one. */
export function sparseCases(): Case[] {
  const cases: Case[] = []
  for (const [kind, entryOf] of Object.entries(kinds)) {
    for (const [shape, piecesOf] of Object.entries(shapes)) {
      for (const machine of ['arm64', 'amd64'] satisfies Machine[]) {
        const layers = [baseLayer(), [entryOf(piecesOf(elf(machine))), { name: 'after', body: elf('amd64') }]]
        cases.push(...casesOf(`sparse/${kind}-${shape}-${machine}`, { layers }).slice(0, shape === 'one-piece' ? 2 : 1))
      }
    }
  }
  for (const [fault, entry] of Object.entries(faulty)) {
    cases.push(casesOf(`sparse/${fault}`, { layers: [baseLayer(), [entry, { name: 'after', body: 'x' }]] })[0])
  }
  return [...cases, ...writtenByPrograms()]
}

/** As bsdtar writes such a file by itself, and GNU tar when it is told to. */
function writtenByPrograms(): Case[] {
  const folder = mkdtempSync(join(tmpdir(), 'sparse-'))
  try {
    mkdirSync(join(folder, 'app'))
    writeFileSync(join(folder, 'dense'), Buffer.concat([arm64, Buffer.alloc(8 * hole), Buffer.from('end')]), { mode: 0o755 })
    execFileSync('cp', ['--sparse=always', join(folder, 'dense'), join(folder, name)])
    const commands: Record<string, [string, ...string[]]> = {
      bsdtar: ['bsdtar', '--format=pax'],
      'gnu-1.0': ['tar', '--format=pax', '-S'],
      'gnu-0.1': ['tar', '--format=pax', '-S', '--sparse-version=0.1'],
      'gnu-0.0': ['tar', '--format=pax', '-S', '--sparse-version=0.0'],
      'gnu-old': ['tar', '--format=gnu', '-S']
    }
    return Object.entries(commands).flatMap(([writer, [command, ...parameters]]) => {
      const layer = execFileSync(command, [...parameters, '-C', folder, '-cf', '-', 'app'], { maxBuffer: 2 ** 25 })
      return casesOf(`sparse/${writer}`, { tars: [tar(baseLayer()), layer] })
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}
