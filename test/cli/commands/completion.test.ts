import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { commands } from '../../../src/cli/commands.ts'
import { temporaryDirectory } from '../../stores/embedded/directory.ts'
import { command } from '../in-process.ts'

const run = promisify(execFile)

/** What bash itself offers at the end of a line: it is asked as by Tab, and finds the function by the command's name. */
async function offered(script: string, line: string): Promise<string[]> {
  const words = line.split(' ')
  const ask = `${script}
spec=($(complete -p leporello))
for ((i = 0; i < \${#spec[@]}; i++)); do if [ "\${spec[i]}" = -F ]; then function=\${spec[i + 1]}; fi; done
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=\${#COMP_LINE}
"$function" leporello "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout } = await run('bash', ['-uc', ask, 'bash', ...words])
  return stdout.split('\n').filter(Boolean)
}

t.test('bash completes commands, their options and the words that these take, as the program has them', async (t) => {
  const { status, stdout: script } = await command(t, { args: ['completion', 'bash'] })
  const complete = (line: string) => offered(script, line)

  t.equal(status, 0)
  t.strictSame(await complete('leporello '), [...commands.keys(), '--help', '--version'])
  t.strictSame(
    await complete('leporello res'),
    [...commands.keys()].filter((name) => name.startsWith('res'))
  )
  t.strictSame(await complete('leporello resolve --'), ['--force', '--url', '--ca', '--json', '--help'])
  t.strictSame(await complete('leporello inspect --dig'), ['--digest'])
  t.strictSame(await complete('leporello resolve hel'), [], 'a name is nothing that we know')
  t.strictSame(await complete('leporello nonsense --'), [])
  t.strictSame(await complete('leporello completion '), ['bash', 'zsh', 'fish'])
  t.strictSame(await complete('leporello report hello:1 arm64 s'), ['succeeded'])
  t.strictSame(await complete('leporello ls --state '), ['complete', 'partial', 'degraded'])
  t.strictSame(await complete('leporello plan hello:1 --format j'), ['json', 'jenkins'])
  t.strictSame(await complete('leporello ls --sort '), ['id', 'version', 'created', 'updated'])
})

t.test('source <(leporello completion bash) is all that a shell needs', async (t) => {
  const bin = temporaryDirectory(t)
  await writeFile(join(bin, 'leporello'), `#!/bin/sh\nexec "${process.execPath}" "${resolve('build/src/main.js')}" "$@"\n`, { mode: 0o755 })
  const line = `source <(leporello completion bash)
COMP_WORDS=(leporello comp); COMP_CWORD=1; COMP_LINE='leporello comp'; COMP_POINT=14
_leporello; echo "\${COMPREPLY[@]}"; complete -p leporello
unset COMP_LINE COMP_POINT; COMP_WORDS=(leporello wait --for ''); COMP_CWORD=3; _leporello; echo "\${COMPREPLY[@]}"`

  const { stdout } = await run('bash', ['-euc', line], { env: { PATH: `${bin}:${process.env['PATH']}` } })

  t.equal(stdout, 'completion\ncomplete -o bashdefault -o default -F _leporello leporello\ncomplete degraded settled\n')
})

t.test('zsh and fish are told every command and every option', async (t) => {
  const known = JSON.parse((await command(t, { args: ['completion', '--json'] })).stdout)
  for (const shell of ['zsh', 'fish']) {
    const { status, stdout } = await command(t, { args: ['completion', shell] })

    t.equal(status, 0)
    for (const { name, options } of known) {
      t.ok(stdout.includes(name), `${shell}: ${name}`)
      for (const option of options) t.ok(stdout.includes(option.name), `${shell}: ${name} ${option.name}`)
    }
  }
})

t.test('a shell that is none is a misuse', async (t) => {
  t.match(await command(t, { args: ['completion', 'tcsh'] }), { status: 64, stderr: 'expected a shell: bash, zsh, fish' })
  t.match(await command(t, { args: ['completion'] }), { status: 64 })
})
