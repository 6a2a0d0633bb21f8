import t from 'tap'
import { createFileHead } from '../../src/images/file-head.ts'
import { inspectImage } from '../../src/images/inspect-image.ts'
import { armAttributes, elf } from '../support/elf.ts'
import { appLayer, baseLayer, inChunks, oldDockerSave } from '../support/images.ts'
import { sparseFile } from '../support/sparse.ts'
import { type Entry, tar } from '../support/tar.ts'

function kindOf(bytes: Buffer, chunk = 64 * 1024) {
  const head = createFileHead(bytes.length)
  for (let at = 0; at < bytes.length; at += chunk) head.data(bytes.subarray(at, at + chunk))
  return head.kind()
}

t.test('build attributes tell for which version a program was compiled, however large it is and in whatever pieces it comes', async (t) => {
  for (const size of [0, 100, 4096, 100_000]) {
    for (const [cpu, version] of [
      ['v5TE', 5],
      ['v6', 6],
      ['v6KZ', 6],
      ['v7', 7],
      ['v8', 8]
    ] as const) {
      const program = elf('arm', { size, attributes: armAttributes({ cpu, hard: version > 5 }) })
      for (const chunk of [1, 600, 64 * 1024]) {
        t.match(
          kindOf(program, chunk),
          { kind: 'elf', machine: 'arm', version, float: version > 5 ? 'hard' : 'soft' },
          `${cpu} ${size} ${chunk}`
        )
      }
    }
  }
})

t.test('what merely looks like build attributes is none', async (t) => {
  const program = elf('arm', { size: 5000, attributes: armAttributes({ cpu: 'v6' }) })
  for (let i = 0; i < 40; i++) armAttributes({ cpu: 'v8' }).copy(program, 100 + i * 100)
  const cut = program.subarray(0, -90)

  t.match(kindOf(program), { version: 6 })
  t.same(kindOf(cut), { kind: 'elf', machine: 'arm', type: 'executable' })
  for (let at = program.length - 130; at < program.length; at++) {
    const changed = Buffer.from(program)
    changed[at]! ^= 0xff
    t.match(kindOf(changed), { kind: 'elf', machine: 'arm' }, `a byte changed at ${at}`)
  }
})

const inspect = async (app: Entry, { variant, claimed }: { variant: string; claimed?: string }) => {
  const image = { architecture: 'arm', variant, layers: [baseLayer('arm'), [app]] }
  return (await inspectImage(inChunks(tar(oldDockerSave(image)), 1000), { claimed })).report
}

const v7 = elf('arm', { size: 9000, attributes: armAttributes({ cpu: 'v7', hard: true }) })
const v6 = elf('arm', { size: 9000, attributes: armAttributes({ cpu: 'v6', hard: true }) })

t.test('a program that was compiled for v7 contradicts v6; one for v6 runs on v7', async (t) => {
  const newer = await inspect({ name: 'app/hello', body: v7 }, { variant: 'v6' })
  const older = await inspect({ name: 'app/hello', body: v6 }, { variant: 'v7' })
  const exact = await inspect({ name: 'app/hello', body: v6 }, { variant: 'v6' })
  const relabelled = await inspect({ name: 'app/hello', body: v7 }, { variant: 'v6', claimed: 'arm64' })

  t.match(newer, { verdict: 'mixed', architecture: 'arm/v7', summary: 'the entry point "/app/hello" is arm/v7' })
  t.match(older, { verdict: 'match', architecture: 'arm/v7', summary: 'the entry point "/app/hello" is arm/v6' })
  t.match(exact, { verdict: 'match', architecture: 'arm/v6' })
  t.match(relabelled, { verdict: 'mislabelled', architecture: 'arm/v7' })
})

t.test('attributes behind a hole of a sparse file are found', async (t) => {
  const table = v7.length - 200
  const pieces = [
    { offset: 0, data: v7.subarray(0, 100) },
    { offset: table, data: v7.subarray(table) }
  ]

  const report = await inspect(sparseFile('app/hello', { pieces, format: '1.0' }), { variant: 'v6' })

  t.match(report.images[0]!.decisive[0], { architecture: 'arm/v7' })
})

t.test('a library may hold code for newer processors, which it chooses at run time', async (t) => {
  const library = elf('arm', { type: 'shared', attributes: armAttributes({ cpu: 'v7' }) })
  const image = {
    architecture: 'arm',
    variant: 'v6',
    layers: [baseLayer('arm'), appLayer('arm'), [{ name: 'usr/lib/libcrypto.so.3', body: library }]]
  }

  const { report } = await inspectImage(inChunks(tar(oldDockerSave(image))))

  t.match(report, { verdict: 'match', architecture: 'arm/v6' }, report.summary)
})
