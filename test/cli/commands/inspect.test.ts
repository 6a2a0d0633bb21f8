import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { appLayer, baseLayer, oldDockerSave } from '../../support/images.ts'
import { projectFolder } from '../../support/project.ts'
import { tar } from '../../support/tar.ts'
import { command } from '../in-process.ts'

const folder = t.testdir()
const fileOf = (name: string, bytes: Buffer) => {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

/** Runs `leporello inspect` with this on its standard input. */
function inspectInput(args: string[], input: Buffer): Promise<{ status: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [join(projectFolder, 'build/src/main.js'), 'inspect', ...args])
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  child.stdin.on('error', () => {}).end(input)
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, out, err })))
}

async function inspect(t: Test, args: string[]) {
  const { status, stdout: out, stderr: err } = await command(t, { args: ['inspect', ...args] })
  return { status, out, err }
}

const right = fileOf('right.tar', tar(oldDockerSave()))
const wrong = fileOf('wrong.tar', tar(oldDockerSave({ layers: [baseLayer('arm64'), appLayer('arm64')] })))

t.test('inspect proves a tarball, and its exit status says so', async (t) => {
  const cases: [string[], number, RegExp][] = [
    [[right], 0, /^MATCH: the entry point "\/app\/hello" is amd64/],
    [[right, '--arch', 'x86_64'], 0, /^MATCH/],
    [[right, '--arch', 'aarch64'], 1, /^MISLABELLED: claimed to be arm64/],
    [[wrong], 1, /^MISLABELLED: claimed to be amd64, but the entry point "\/app\/hello" is arm64/],
    [[fileOf('cut.tar', tar(oldDockerSave()).subarray(0, 4000))], 2, /^UNREADABLE: the tar breaks off/],
    [[fileOf('data.tar', tar(oldDockerSave({ layers: [[{ name: 'x' }]] })))], 2, /^NO-BINARIES/]
  ]

  for (const [args, status, out] of cases) {
    const result = await inspect(t, args)
    t.equal(result.status, status, args.join(' '))
    t.match(result.out, out)
    t.equal(result.err, '')
  }
})

t.test('inspect reads standard input, tells of a path and a digest, and writes JSON', async (t) => {
  const bytes = tar(oldDockerSave())
  const text = await inspectInput(['-', '--path', '/bin/sh', '--digest', `sha256:${'0'.repeat(64)}`], bytes)
  const json = await inspectInput(['-', '--json', '--path', '/bin/sh'], bytes)

  t.equal(text.status, 1, 'a digest that nothing has is wrong')
  t.match(text.out, '/bin/sh -> /usr/bin/dash: amd64 executable')
  t.match(text.out, 'nothing in the archive has the digest')
  t.equal(json.status, 0)
  t.match(JSON.parse(json.out), { verdict: 'match', files: [{ path: '/usr/bin/dash', architecture: 'amd64' }] })
})

t.test('what is asked wrongly is 64, what cannot be opened is 2', async (t) => {
  t.match(await inspect(t, []), { status: 64, err: 'expected a file' })
  t.match(await inspect(t, [right, '--arch', 'no such']), { status: 64, err: 'is not the name of an architecture' })
  t.match(await inspect(t, [join(folder, 'nowhere.tar')]), { status: 2, err: 'nowhere.tar does not exist; expected a tarball' })
  t.match(await inspect(t, [folder]), { status: 2, err: 'is a directory; expected a tarball' })
})

t.test('names from an archive cannot steer a terminal', async (t) => {
  const evil = fileOf('evil.tar', tar(oldDockerSave({ tags: ['\u001b[2J\u202eevil'] })))

  const { out } = await inspect(t, [evil])

  for (const raw of ['\u001b', '\u202e']) t.notOk(out.includes(raw))
  t.match(out, '\\u001b[2J\\u202eevil')
})
