import t from 'tap'
import { inspectImage } from '../../src/images/inspect-image.ts'
import { elf } from '../support/elf.ts'
import { baseLayer, inChunks, oldDockerSave } from '../support/images.ts'
import { type Entry, tar } from '../support/tar.ts'

/** What a path is when these layers lie on a base. */
async function at(path: string, ...layers: Entry[][]) {
  const bytes = tar(oldDockerSave({ layers: [baseLayer(), ...layers], config: { Entrypoint: ['sh'] } }))
  const { reportFor, report } = await inspectImage(inChunks(bytes, 700))
  t.notOk(
    report.problems.some(({ fatal }) => fatal),
    report.summary
  )
  return (await reportFor(path))[0]!
}

const arm = elf('arm64')
const file = (name: string, body: string | Buffer = arm): Entry => ({ name, body })
const link = (name: string, target: string, flag = '2'): Entry => ({ name, flag, target })

t.test('a file is described through links, as far as they lead', async (t) => {
  t.match(
    await at('/usr/lib/libssl.so', [
      link('usr/lib/libssl.so', 'libssl.so.3'),
      file('usr/lib/libssl.so.3', elf('amd64', { type: 'shared' }))
    ]),
    {
      image: 0,
      path: '/usr/lib/libssl.so.3',
      kind: 'elf',
      type: 'shared',
      architecture: 'amd64',
      links: ['/usr/lib/libssl.so -> libssl.so.3']
    }
  )
  t.match(await at('/bin/sh'), { path: '/usr/bin/dash', interpreter: '/lib64/ld-linux-x86-64.so.2' })
  t.match(await at('/etc/hostname'), { kind: 'data', path: '/etc/hostname', architecture: null })
  t.match(await at('/usr'), { kind: 'directory' })
  t.match(await at('/nowhere'), { kind: 'absent', path: null })
})

t.test('a later layer wins, whatever it puts there', async (t) => {
  t.match(await at('/x', [file('x')], [file('x', elf('s390x'))]), { architecture: 's390x' })
  t.match(await at('/x', [file('x')], [file('x', 'text')]), { kind: 'data' })
  t.match(await at('/x', [file('x', 'text')], [file('x')]), { architecture: 'arm64' })
  t.match(await at('/x', [file('x')], [file('x', '')]), { kind: 'data' })
  t.match(await at('/x', [file('x')], [link('x', 'bin/sh')]), { path: '/usr/bin/dash' })
  t.match(await at('/x/y', [file('x/y')], [file('x', 'text')]), { kind: 'absent' })
  t.match(await at('/x/y', [file('x', 'text')], [file('x/y')]), { architecture: 'arm64' })
  t.match(await at('/x/y', [file('x/y')], [{ name: 'x/', flag: '5' }]), { architecture: 'arm64' })
})

t.test('a whiteout deletes what lies below, and never what its own layer brings', async (t) => {
  t.match(await at('/x', [file('x')], [file('.wh.x', '')]), { kind: 'absent' })
  t.match(await at('/d/x', [file('d/x', 'text')], [file('d/.wh.x', '')]), { kind: 'absent' })
  t.match(await at('/d/x', [file('d/x')], [file('.wh.d', '')]), { kind: 'absent' })
  t.match(await at('/x', [file('x')], [file('x', elf('386')), file('.wh.x', '')]), { architecture: '386' })
  t.match(await at('/x', [file('x')], [file('.wh.x', '')], [file('x', 'text')]), { kind: 'data' })
  t.match(await at('/x', [file('.wh.x', '')], [file('x')]), { architecture: 'arm64' })
})

t.test('an opaque directory hides all that lies below in it, and nothing of its own layer', async (t) => {
  const opaque = file('d/.wh..wh..opq', '')
  t.match(await at('/d/old', [file('d/old')], [opaque, file('d/new')]), { kind: 'absent' })
  t.match(await at('/d/text', [file('d/text', 'text')], [opaque]), { kind: 'absent' })
  t.match(await at('/d/new', [file('d/old')], [file('d/new'), opaque]), { architecture: 'arm64' })
})

t.test('hard links are their file, also when that is replaced later', async (t) => {
  t.match(await at('/y', [file('x'), link('y', 'x', '1')]), { path: '/y', architecture: 'arm64' })
  t.match(await at('/y', [file('x'), link('y', './x', '1')], [file('x', 'text')]), { architecture: 'arm64' })
  t.match(await at('/y', [file('x', 'text'), link('y', '/x', '1')]), { kind: 'data' })
  t.match(await at('/y', [link('y', 'nothing', '1')]), { kind: 'absent' })
})

t.test('links stay within the image, and circles end', async (t) => {
  t.match(await at('/x', [link('x', '../../../../bin/sh')]), { path: '/usr/bin/dash' })
  t.match(await at('/x', [link('x', 'x')]), { kind: 'absent' })
  t.match(await at('/x/y/z', [link('x', 'y'), link('y', 'x')]), { kind: 'absent' })
})

t.test('a layer that writes through a link of a layer below writes where it leads', async (t) => {
  t.match(await at('/usr/lib/new.so', [file('lib/new.so')]), { architecture: 'arm64', path: '/usr/lib/new.so' })
  t.match(await at('/lib/text', [file('lib/text', 'text')]), { kind: 'data', path: '/usr/lib/text' })
  t.match(await at('/srv/real/x', [link('data', 'srv/real')], [file('data/x')]), { architecture: 'arm64' })
})

t.test('long names of both kinds, prefixes, and names that are no UTF-8 are names', async (t) => {
  const long = `${'d/'.repeat(150)}file`
  const gnu: Entry[] = [{ name: '././@LongLink', flag: 'L', body: `${long}\0` }, file('short')]
  t.match(await at(`/${long}`, [file(long)]), { architecture: 'arm64' })
  t.match(await at(`/${long}`, gnu), { architecture: 'arm64' })
  t.match(await at('/\\xff', [file('\xff')]), { architecture: 'arm64' })
  t.match(await at('/ü', [{ ...file('u'), pax: { path: 'ü' } }]), { architecture: 'arm64' })
})

t.test('scripts and executables of other systems are told from data', async (t) => {
  t.match(await at('/x', [file('x', '#!/bin/sh -e\n')]), { kind: 'script', interpreter: '/bin/sh -e' })
  t.match(await at('/x', [file('x', `MZ${'\0'.repeat(100)}`)]), { kind: 'windows-executable' })
  t.match(await at('/x', [file('x', Buffer.from('cffaedfe00000000', 'hex'))]), { kind: 'macos-executable' })
  t.match(await at('/x', [file('x', Buffer.from('\x7fELF'))]), { kind: 'data' })
})
