import { elf } from '../../../support/elf.ts'
import { baseLayer } from '../../../support/images.ts'
import type { Entry } from '../../../support/tar.ts'
import { byTurns, type Case } from './case.ts'

const file = (name: string, body: Buffer | string = elf('amd64'), mode = 0o755): Entry => ({ name, body, mode })
const evil = (name: string, mode = 0o755): Entry => file(name, elf('arm64'), mode)
// in a PAX record, which is UTF-8
const named = (path: string, body: Buffer = elf('amd64')): Entry => ({ name: 'x', pax: { path }, body })
const link = (name: string, target: string): Entry => ({ name, flag: '2', target })

interface Start {
  files: Entry[]
  config: Record<string, unknown>
}

const path = (value: string) => [`PATH=${value}`]
const found = (files: Entry[], Env: string[] = path('/first:/second')): Start => ({ files, config: { Entrypoint: ['hello'], Env } })

/** What a configuration starts, and what stands in its way. */
const starts: Record<string, Start> = {
  'path-order': found([evil('first/hello'), file('second/hello')]),
  'path-second': found([file('first/other'), evil('second/hello')]),
  'path-not-executable': found([evil('first/hello', 0o644), file('second/hello')]),
  'path-not-executable-other-way': found([file('first/hello', undefined, 0o644), evil('second/hello')]),
  'path-executable-for-group': found([evil('first/hello', 0o610), file('second/hello')]),
  'path-directory': found([file('first/hello/x'), evil('second/hello')]),
  'path-broken-link': found([link('first/hello', '/nowhere'), evil('second/hello')]),
  'path-link-to-directory': found([link('first/hello', '/usr'), evil('second/hello')]),
  'path-link-to-not-executable': found([evil('data/hello', 0o600), link('first/hello', '/data/hello'), file('second/hello')]),
  'path-is-a-link': found([link('first', 'second'), evil('second/hello')]),
  'path-not-there': found([evil('second/hello')], path('/nowhere:/second')),
  'path-trailing-slash': found([evil('first/hello')], path('/first/:/second')),
  'path-dots': found([evil('first/hello')], path('/second/../first')),
  'path-twice': found([evil('first/hello'), file('second/hello')], [...path('/second'), ...path('/first')]),
  'path-empty': found([evil('usr/local/bin/hello')], path('')),
  'path-lower-case': found([evil('usr/bin/hello'), file('first/hello')], ['path=/first']),
  'path-absent': found([evil('usr/local/bin/hello'), file('usr/bin/hello')], []),
  'path-sbin-first': found([evil('usr/sbin/hello'), file('usr/bin/hello')], []),
  'path-found-nowhere': found([file('third/hello')]),
  'path-through-merged-bin': found([evil('usr/bin/hello')], path('/bin')),
  'working-directory': { files: [evil('work/hello')], config: { Entrypoint: ['./hello'], WorkingDir: '/work' } },
  'working-directory-relative': { files: [evil('work/hello')], config: { Entrypoint: ['./hello'], WorkingDir: 'work' } },
  'working-directory-above': { files: [evil('hello')], config: { Entrypoint: ['../hello'], WorkingDir: '/work' } },
  'working-directory-link': { files: [evil('real/hello'), link('work', 'real')], config: { Entrypoint: ['./hello'], WorkingDir: '/work' } },
  'working-directory-absent': { files: [evil('hello')], config: { Entrypoint: ['./hello'], WorkingDir: '' } },
  'relative-with-slash': { files: [evil('opt/hello')], config: { Entrypoint: ['opt/hello'] } },
  'double-slash': { files: [evil('opt/hello')], config: { Entrypoint: ['//opt//hello'] } },
  'trailing-slash': { files: [evil('opt/hello')], config: { Entrypoint: ['/opt/hello/'] } },
  dots: { files: [evil('opt/hello')], config: { Entrypoint: ['/opt/./x/../hello'] } },
  'not-executable': { files: [file('opt/hello', undefined, 0o644)], config: { Entrypoint: ['/opt/hello'] } },
  command: { files: [evil('opt/hello')], config: { Entrypoint: null, Cmd: ['/opt/hello'] } },
  'command-with-empty-entry-point': { files: [evil('opt/hello')], config: { Entrypoint: [], Cmd: ['/opt/hello', '-x'] } },
  'command-as-argument': { files: [file('opt/hello'), evil('opt/other')], config: { Entrypoint: ['/opt/hello'], Cmd: ['/opt/other'] } },
  'empty-word': { files: [file('opt/hello')], config: { Entrypoint: [''], Cmd: ['/opt/hello'] } },
  nothing: { files: [file('opt/hello')], config: { Entrypoint: null } },
  script: { files: [file('opt/hello', '#!/opt/shell\n'), evil('opt/shell')], config: { Entrypoint: ['/opt/hello'] } },
  'script-with-env': {
    files: [file('opt/hello', '#!/usr/bin/env other\n'), evil('usr/bin/other')],
    config: { Entrypoint: ['/opt/hello'] }
  },
  'script-without-line': { files: [file('opt/hello', 'echo\n')], config: { Entrypoint: ['/opt/hello'] } },
  text: { files: [file('opt/hello', 'hello')], config: { Entrypoint: ['/opt/hello'] } },
  'empty-file': { files: [file('opt/hello', '')], config: { Entrypoint: ['/opt/hello'] } },
  'windows-program': { files: [file('opt/hello', `MZ${'\0'.repeat(100)}`)], config: { Entrypoint: ['/opt/hello'] } },
  'short-program': { files: [file('opt/hello', elf('arm64').subarray(0, 40))], config: { Entrypoint: ['/opt/hello'] } },
  'name-in-capitals': { files: [evil('opt/Hello'), file('opt/hello')], config: { Entrypoint: ['/opt/hello'] } },
  'name-of-two-forms': {
    files: [named('opt/he\u0301llo', elf('arm64')), named('opt/h\u00e9llo')],
    config: { Entrypoint: ['/opt/h\u00e9llo'] }
  },
  'name-not-utf8': { files: [evil('opt/h\u00e9llo'), file('opt/hello')], config: { Entrypoint: ['/opt/hello'] } },
  'name-with-spaces': { files: [evil('opt/hello there')], config: { Entrypoint: ['/opt/hello there'] } },
  'under-proc': { files: [evil('proc/hello')], config: { Entrypoint: ['/proc/hello'] } }
}

export const startCases = (): Case[] =>
  byTurns(Object.entries(starts).map(([name, { files, config }]) => [`starts/${name}`, { layers: [baseLayer(), files], config }]))
