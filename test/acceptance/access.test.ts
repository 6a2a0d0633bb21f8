import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { startLeporello } from '../support/leporello.ts'
import { projectFolder } from '../support/project.ts'
import { runPython } from '../support/python.ts'

const run = promisify(execFile)

t.test('unmodified Python clients and osaka work with a token in their addresses, and without one are told what to do', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'leporello-access-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const env = { ...process.env, LEPORELLO_TOKENS: join(folder, 'tokens') }
  const token = async (...args: string[]) =>
    (await run('node', [join(projectFolder, 'build/src/main.js'), 'token', 'new', ...args], { env })).stdout.trim()
  const server = await startLeporello({ POLICY: 'none', TOKENS: env.LEPORELLO_TOKENS })
  t.teardown(server.stop)
  // made while the server runs
  const tokens = [await token('ci', '--scope', 'register'), await token('reader', '--scope', 'read')]
  const client = join(projectFolder, 'test/acceptance/clients/access.py')

  const { code, lines, errors } = await runPython([join(projectFolder, 'examples/osaka-dav.py'), client, server.url, ...tokens])

  if (errors) t.comment(errors.slice(-10_000))
  t.equal(code, 0)
  for (const line of lines) t.ok(line.startsWith('ok '), line.replace(/^(ok|FAIL) /, ''))
  t.equal(lines.length, 7)
  t.match(server.output(), /"audit":true,.*"identity":"anonymous","action":"container:write"/, 'refused attempts are in the log')
  for (const secret of tokens) t.notMatch(server.output(), secret)
})
