import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { temporaryDirectory } from '../../stores/embedded/directory.ts'
import { codesOf } from '../doctor.ts'
import { command } from '../in-process.ts'
import { serve } from '../served.ts'

/** A token file of its own, and commands that work on it. */
function start(t: Test) {
  const file = join(temporaryDirectory(t), 'made', 'tokens')
  const environment = { LEPORELLO_TOKENS: file }
  const run = (...args: string[]) => command(t, { args: ['token', ...args], environment })
  return { file, environment, run, make: async (...args: string[]) => (await run('new', ...args)).stdout.trim() }
}

t.test('a new token is shown once, and the file has its hash', async (t) => {
  const { file, run } = start(t)

  const made = await run('new', 'ci', '--scope', 'delete,register', '--match', 'hello*', '--match', '/storage/hello/*', '--expires', '90d')
  const listed = await run('ls')
  const json = JSON.parse((await run('ls', '--json')).stdout)

  t.match(made, { status: 0, stdout: /^lep_\w{43}\n$/, stderr: /shown this once/ })
  t.notMatch(readFileSync(file, 'utf8') + listed.stdout, made.stdout.trim())
  t.match(listed.stdout, /^NAME {2}SCOPES +MAY CHANGE +MADE +EXPIRES\nci {4}register,delete {2}hello\* \/storage\/hello\/\* {2}\d{4}-/)
  t.match(json.tokens, [{ name: 'ci', scopes: ['register', 'delete'], match: ['hello*', '/storage/hello/*'], expired: false }])
  t.notOk('sha256' in json.tokens[0])
})

t.test('what cannot be meant is refused, and the file stays as it is', async (t) => {
  const { file, run, make } = start(t)
  await make('ci', '--scope', 'read')
  const before = readFileSync(file, 'utf8')
  const table: [args: string[], status: number, words: RegExp][] = [
    [['new', 'ci', '--scope', 'read'], 1, /there is a token "ci" already/],
    [['new', 'x'], 64, /--scope is missing; expected some of read, register, delete, admin/],
    [['new', 'x', '--scope', 'read,write'], 64, /--scope is "read,write"/],
    [['new', '--scope', 'read'], 64, /expected a name after new/],
    [['new', 'a b', '--scope', 'read'], 64, /expected a name after new/],
    [['new', 'x', '--scope', 'read', '--expires', 'soon'], 64, /--expires is "soon"; expected a time to come/],
    [['new', 'x', '--scope', 'read', '--expires', '2020-01-01'], 64, /expected a time to come/],
    [['new', 'x', '--scope', 'read', '--match', ''], 64, /--match is empty/],
    [['revoke', 'none'], 1, /there is no token "none".*there are: ci/],
    [['revoke'], 64, /expected a name after revoke/],
    [[], 64, /expected new, ls or revoke/]
  ]

  for (const [args, status, words] of table) t.match(await run(...args), { status, stderr: words }, args.join(' '))
  t.equal(readFileSync(file, 'utf8'), before)
  writeFileSync(file, `${before}broken\n`)
  t.match(await run('new', 'x', '--scope', 'read'), { status: 1, stderr: /line 2 is not JSON.*mend or remove these lines first/ })
})

t.test('commands present LEPORELLO_TOKEN, and without one are told what to do', async (t) => {
  const { environment, make, run } = start(t)
  const { run: ask } = await serve(t, { ...environment, LEPORELLO_POLICY: 'none' })
  const register = ['register', 'hello:1', '--digest', 'sha256:0', 'amd64=s3://b/hello.tar.gz']
  const [ci, reader] = [await make('ci', '--scope', 'register'), await make('reader', '--scope', 'read')]

  t.match(await ask(register), { status: 1, stderr: /needs a token with the scope "register".*leporello token new NAME --scope register/ })
  t.match(await ask(register, { LEPORELLO_TOKEN: reader }), { status: 1, stderr: /the token "reader" lacks the scope "register"/ })
  t.match(await ask(register, { LEPORELLO_TOKEN: ci }), { status: 0 })
  t.match(await ask(['rm', 'hello:1'], { LEPORELLO_TOKEN: ci }), { status: 1, stderr: /the token "ci" lacks the scope "delete"/ })
  t.match((await ask(['history', 'hello:1'], { LEPORELLO_TOKEN: reader })).stdout, /token:ci/)

  await run('revoke', 'ci')
  const cut = await make('other', '--scope', 'register', '--match', 'other*')
  t.match(await ask(register, { LEPORELLO_TOKEN: cut }), { status: 1, stderr: /"hello:1" matches none of that/ })
})

t.test('doctor says what everybody may do, and whether the token is valid', async (t) => {
  const { environment, make } = start(t)
  const { run, json, url } = await serve(t, { ...environment, LEPORELLO_POLICY: 'none' })
  const ci = await make('ci', '--scope', 'register,delete', '--match', 'leporello-doctor*', '--match', '/storage/leporello-doctor/*')

  const without = await json(['doctor'])
  const withIt = await run(['doctor', '--write'], { LEPORELLO_TOKEN: ci })
  const withAnother = await run(['doctor', '--json'], { LEPORELLO_TOKEN: `lep_${'0'.repeat(43)}` })
  const inUrl = await run(['doctor', '--build'], {
    MOZART_REST_URL: `${url.replace('://', `://ci:${ci}@`)}/api/v0.1`,
    STORAGE_URL: `${url.replace('http://', `dav://ci:${ci}@`)}/storage/leporello-doctor/`
  })

  t.match(without.status, 1)
  t.strictSame(codesOf(without.value), ['token_needed'])
  t.match(withIt, {
    status: 0,
    stdout: /ok {5}everybody may do nothing; token ci may: read, register, delete; it may change leporello-doctor\*/
  })
  t.match(inUrl, { status: 0, stdout: /token ci may/ })
  t.notMatch(inUrl.stdout + inUrl.stderr, ci)
  t.strictSame(codesOf(JSON.parse(withAnother.stdout)), ['token_invalid'])
  t.match(JSON.parse(withAnother.stdout).findings[0], { message: /the token is unknown, or was revoked/, advice: /leporello token new/ })
})

t.test('container-met presents the token to the server that it registers with, and does not register it', async (t) => {
  const { environment, make } = start(t)
  const { run, json, url } = await serve(t, { ...environment, LEPORELLO_POLICY: 'read' })
  const ci = await make('ci', '--scope', 'register')
  const product = join(temporaryDirectory(t), 'hello.tar')
  writeFileSync(product, 'bytes')
  const repo = `${url.replace('http:', 'dav:')}/storage`
  const met = ['container-met', 'hello:1', '1', product, repo, 'sha256:0', `${url}/api/v0.1`]

  const refused = await run(met)
  const done = await run(met, { LEPORELLO_TOKEN: ci })

  t.match(refused, { status: 1, stderr: /401/ })
  t.match(done, { status: 0 }, done.stderr)
  t.match((await json(['show', 'hello:1'])).stdout, `${repo}/hello.tar`)
  t.notMatch(done.stdout + done.stderr + (await json(['show', 'hello:1'])).stdout, ci)
})
