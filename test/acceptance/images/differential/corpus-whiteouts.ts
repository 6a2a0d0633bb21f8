import { elf } from '../../../support/elf.ts'
import { baseLayer, type TestImage } from '../../../support/images.ts'
import type { Entry } from '../../../support/tar.ts'
import { byTurns, type Case } from './case.ts'

const good: Entry = { name: 'app/hello', body: elf('amd64') }
const evil: Entry = { name: 'app/hello', body: elf('arm64') }
const directory = (name: string): Entry => ({ name: `${name}/`, flag: '5' })
const link = (name: string, target: string): Entry => ({ name, flag: '2', target })
const gone = (name: string): Entry => ({ name, body: '' })
const path = ['PATH=/first:/second']
const first: Entry = { name: 'first/hello', body: elf('arm64') }
const second: Entry = { name: 'second/hello', body: elf('amd64') }

/** What deletes what, in which order, behind which links. Layers after the base. */
const layers: Record<string, Entry[][]> = {
  'file-gone': [[good], [gone('app/.wh.hello')]],
  'gone-then-back': [[good], [gone('app/.wh.hello')], [evil]],
  'gone-in-the-same-layer': [[good], [gone('app/.wh.hello'), evil]],
  'gone-after-the-same-layer': [[good], [evil, gone('app/.wh.hello')]],
  'gone-before-it-comes': [[gone('app/.wh.hello')], [good]],
  'directory-gone': [[evil], [gone('.wh.app')], [good]],
  'directory-gone-for-good': [[evil], [gone('.wh.app')]],
  'directory-gone-in-the-same-layer': [[evil], [gone('.wh.app'), good]],
  'directory-gone-after-the-same-layer': [[evil], [good, gone('.wh.app')]],
  opaque: [[evil], [gone('app/.wh..wh..opq'), good]],
  'opaque-last': [[evil], [good, gone('app/.wh..wh..opq')]],
  'opaque-alone': [[evil], [directory('app'), gone('app/.wh..wh..opq')]],
  'opaque-then-next': [[evil], [directory('app'), gone('app/.wh..wh..opq')], [good]],
  'opaque-in-a-link': [[evil, link('other', 'app')], [gone('other/.wh..wh..opq')]],
  'opaque-deep': [[{ name: 'app/deep/x', body: elf('arm64') }, evil], [gone('app/deep/.wh..wh..opq')]],
  'opaque-parent': [
    [{ name: 'app/a', body: 'x' }, evil],
    [gone('.wh..wh..opq'), directory('app'), good]
  ],
  'gone-behind-a-link': [[evil, link('other', 'app')], [gone('other/.wh.hello')]],
  'link-gone': [[good, link('other', 'app')], [gone('.wh.other')]],
  'link-gone-and-directory': [[link('app', 'other'), { name: 'other/hello', body: elf('arm64') }], [gone('.wh.app')], [good]],
  'gone-that-never-was': [[good], [gone('app/.wh.other'), gone('nowhere/.wh.x')]],
  'gone-as-directory': [[good], [directory('app/.wh.hello')]],
  'gone-as-link': [[good], [link('app/.wh.hello', 'x')]],
  'gone-with-a-body': [[good], [{ name: 'app/.wh.hello', body: elf('arm64') }]],
  'gone-dot-name': [[good], [gone('./app/./.wh.hello')]],
  'aufs-names': [[good], [gone('.wh..wh.aufs'), directory('.wh..wh.plnk'), gone('.wh..wh.plnk/1.1')]],
  'named-only-wh': [[good], [gone('app/.wh.')]],
  'wh-of-dots': [[good], [gone('app/.wh...')]],
  'wh-of-wh': [[good], [gone('app/.wh..wh.hello')]],
  'hard-link-left': [[good, { name: 'app/second', flag: '1', target: 'app/hello' }], [gone('app/.wh.second')]],
  'hard-link-source-gone': [
    [evil, { name: 'app/second', flag: '1', target: 'app/hello' }],
    [gone('app/.wh.hello'), { name: 'app/hello', flag: '1', target: 'app/second' }]
  ]
}

/** The same with PATH: what stood first is gone, and the next one is found. */
const found: Record<string, Entry[][]> = {
  'path-none-gone': [[first, second]],
  'path-first-gone': [[first, second], [gone('first/.wh.hello')]],
  'path-first-directory-gone': [[first, second], [gone('.wh.first')]],
  'path-first-opaque': [[first, second], [gone('first/.wh..wh..opq')]],
  'path-first-back': [[first, second], [gone('first/.wh.hello')], [first]],
  'path-second-gone': [[first, second], [gone('second/.wh.hello')]],
  'path-first-link-gone': [[link('first', 'third'), { name: 'third/hello', body: elf('arm64') }, second], [gone('third/.wh.hello')]]
}

export const whiteoutCases = (): Case[] =>
  byTurns([
    ...Object.entries(layers).map(([name, one]): [string, TestImage] => [`whiteouts/${name}`, { layers: [baseLayer(), ...one] }]),
    ...Object.entries(found).map(([name, one]): [string, TestImage] => [
      `whiteouts/${name}`,
      { layers: [baseLayer(), ...one], config: { Entrypoint: ['hello'], Env: path } }
    ])
  ])
