import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { commands } from '../../src/cli/commands.ts'
import { temporaryDirectory } from '../stores/embedded/directory.ts'
import { leporello } from './command-line.ts'

const run = promisify(execFile)

t.test('bash completes commands and their options, as the program has them', async (t) => {
  const { status, stdout: script } = await leporello(t, { args: ['completion', 'bash'] }).ended
  const file = join(temporaryDirectory(t), 'completion.bash')
  await writeFile(file, script)
  const complete = async (...words: string[]) => {
    const line = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _leporello; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout } = await run('bash', ['-euc', line, file, 'leporello', ...words])
    return stdout.split('\n').filter(Boolean)
  }

  await run('bash', ['-n', file])

  t.equal(status, 0)
  t.strictSame(await complete(''), [...commands.keys(), '--help', '--version'])
  t.strictSame(
    await complete('res'),
    [...commands.keys()].filter((name) => name.startsWith('res'))
  )
  t.strictSame(await complete('resolve', '--'), ['--force', '--url', '--json', '--help'])
  t.strictSame(await complete('inspect', '--dig'), ['--digest'])
  t.strictSame(await complete('resolve', 'hel'), [])
})

t.test('zsh and fish are told every command and every option', async (t) => {
  const known = JSON.parse((await leporello(t, { args: ['completion', '--json'] }).ended).stdout)
  for (const shell of ['zsh', 'fish']) {
    const { status, stdout } = await leporello(t, { args: ['completion', shell] }).ended

    t.equal(status, 0)
    for (const { name, options } of known) {
      t.ok(stdout.includes(name), `${shell}: ${name}`)
      for (const option of options) t.ok(stdout.includes(option.name), `${shell}: ${name} ${option.name}`)
    }
  }
})

t.test('a shell that is none is a misuse', async (t) => {
  t.match(await leporello(t, { args: ['completion', 'tcsh'] }).ended, { status: 64, stderr: 'expected a shell: bash, zsh, fish' })
  t.match(await leporello(t, { args: ['completion'] }).ended, { status: 64 })
})
