import { elf } from '../../../support/elf.ts'
import { baseLayer } from '../../../support/images.ts'
import type { Entry } from '../../../support/tar.ts'
import { byTurns, type Case } from './case.ts'

const good = elf('amd64')
const evil = elf('arm64')
const file = (name: string, body: Buffer = good): Entry => ({ name, body })
const directory = (name: string): Entry => ({ name: `${name}/`, flag: '5' })
const link = (name: string, target: string): Entry => ({ name, flag: '2', target })
const hard = (name: string, target: string): Entry => ({ name, flag: '1', target })
const chain = (length: number): Entry[] => [
  ...Array.from({ length }, (_, i) => link(i === 0 ? 'app/hello' : `app/${i}`, `${i + 1}`)),
  file(`app/${length}`)
]

/** Where `/app/hello` leads, layers after the base. */
const layers: Record<string, Entry[][]> = {
  relative: [[link('app/hello', '../bin/other'), file('usr/bin/other', evil)]],
  absolute: [[link('app/hello', '/usr/bin/other'), file('usr/bin/other', evil)]],
  'out-of-the-root': [[link('app/hello', '../../../../usr/bin/other'), file('usr/bin/other', evil)]],
  'chain-of-8': [chain(8)],
  'chain-of-39': [chain(39)],
  'chain-of-40': [chain(40)],
  'chain-of-41': [chain(41)],
  circle: [[link('app/hello', 'other'), link('app/other', 'hello')]],
  'to-itself': [[link('app/hello', 'hello')]],
  'to-nothing': [[link('app/hello', '/nowhere')]],
  'to-a-directory': [[link('app/hello', '/usr')]],
  'parent-is-a-link': [[link('app', 'opt/app'), file('opt/app/hello', evil)]],
  'parent-is-a-link-after': [[file('opt/app/hello', evil)], [link('app', '/opt/app')]],
  'through-a-link-in-a-later-layer': [[directory('opt'), link('app', '/opt')], [file('app/hello', evil)]],
  'through-a-link-that-leaves': [[link('app', '../../opt'), directory('opt')], [file('app/hello', evil)]],
  'through-the-base': [[link('app/hello', '/bin/tool')], [file('bin/tool', evil)]],
  'directory-over-link': [
    [directory('opt'), file('opt/hello', evil), link('app', 'opt')],
    [directory('app'), file('app/hello')]
  ],
  'link-over-directory': [[file('app/hello', evil)], [link('app', 'opt'), file('opt/hello')]],
  'link-over-file': [[file('app/hello', evil)], [link('app/hello', '/bin/sh')]],
  'file-over-link': [[link('app/hello', '/bin/sh')], [file('app/hello', evil)]],
  'file-over-link-keeps-target': [[link('app/hello', '/app/other'), file('app/other')], [file('app/hello', evil)]],
  'file-over-directory': [[file('app/hello/x', evil)], [file('app/hello')]],
  'directory-over-file': [[file('app', evil)], [directory('app'), file('app/hello')]],
  'file-in-a-file': [[file('app', evil)], [file('app/hello')]],
  'hard-link': [[file('usr/bin/other', evil), hard('app/hello', 'usr/bin/other')]],
  'hard-link-below': [[file('usr/bin/other', evil)], [hard('app/hello', 'usr/bin/other')]],
  'hard-link-absolute': [[file('usr/bin/other', evil), hard('app/hello', '/usr/bin/other')]],
  'hard-link-dots': [[file('usr/bin/other', evil), hard('app/hello', './usr/bin/other')]],
  'hard-link-leaves': [[file('usr/bin/other', evil), hard('app/hello', '../usr/bin/other')]],
  'hard-link-to-nothing': [[hard('app/hello', 'nowhere')]],
  'hard-link-too-early': [[hard('app/hello', 'usr/bin/other'), file('usr/bin/other', evil)]],
  'hard-link-to-a-link': [[link('app/other', '/bin/sh'), hard('app/hello', 'app/other')]],
  'hard-link-through-a-link': [[file('usr/bin/other', evil), hard('app/hello', 'bin/other')]],
  'hard-link-to-a-directory': [[directory('opt'), hard('app/hello', 'opt')]],
  'hard-link-to-itself': [[file('app/hello'), hard('app/hello', 'app/hello')]],
  'hard-link-source-replaced': [[file('app/other', evil), hard('app/hello', 'app/other')], [file('app/other')]],
  'hard-link-replaced': [[file('app/other', evil), hard('app/hello', 'app/other')], [file('app/hello')]],
  'hard-link-in-a-chain': [[file('app/a', evil), hard('app/b', 'app/a')], [hard('app/hello', 'app/b')]],
  'hard-link-with-a-body': [[file('app/other'), { name: 'app/hello', flag: '1', target: 'app/other', size: 0, body: '' }]],
  'twice-in-a-layer': [[file('app/hello', evil), file('app/hello')]],
  'twice-other-way': [[file('app/hello'), file('app/hello', evil)]],
  'twice-then-link': [[file('app/hello'), link('app/hello', '/app/evil'), file('app/evil', evil)]],
  device: [[{ name: 'app/hello', flag: '3' }]],
  fifo: [[{ name: 'app/hello', flag: '6' }]],
  'a-fifo-beside': [[{ name: 'app/pipe', flag: '6' }, file('app/hello')]]
}

export const linkCases = (): Case[] =>
  byTurns(Object.entries(layers).map(([name, one]) => [`links/${name}`, { layers: [baseLayer(), ...one] }]))
