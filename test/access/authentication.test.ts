import { writeFileSync } from 'node:fs'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type AuthenticationOptions, createAuthenticate, createFailures } from '../../src/access/authentication.ts'
import { hashOfToken, newToken, parseTokenFile, type TokenRecord, toTokenLine } from '../../src/access/token.ts'
import { openTokens, readTokenFile, writeTokenFile } from '../../src/access/token-file.ts'
import { temporaryDirectory } from '../stores/embedded/directory.ts'

const record = (name: string, token: string, changes: Partial<TokenRecord> = {}): TokenRecord => ({
  ...{ name, sha256: hashOfToken(token), scopes: ['register'], match: null, expires: null, created: '2026-01-02T03:04:05Z' },
  ...changes
})

/** A token file, and what a server that reads it makes of requests. */
function start(t: Test, options: Partial<AuthenticationOptions> = {}) {
  const path = join(temporaryDirectory(t), 'tokens')
  const problems: string[] = []
  const tokens = openTokens({ path, onProblem: (message) => problems.push(message) })
  const authenticate = createAuthenticate({ tokens, now: Date.now, ...options })
  const asked = (authorization?: string, { more = {}, from = '192.0.2.1' }: { more?: Record<string, string>; from?: string } = {}) => {
    const headers = { ...(authorization !== undefined && { authorization }), ...more }
    const message = { headers, rawHeaders: Object.entries(headers).flat(), socket: { remoteAddress: from } as never }
    return authenticate(message, () => from)
  }
  const who = async (authorization?: string) => (await asked(authorization)).identity.name
  return { path, problems, tokens, asked, who }
}

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

t.test('a token is lep_ and 32 random bytes in base 62', async (t) => {
  const made = new Set(Array.from({ length: 1000 }, newToken))

  t.equal(made.size, 1000)
  for (const token of made) if (!/^lep_[0-9A-Za-z]{43}$/.test(token)) t.fail(token)
})

t.test('a token counts as a password of any user, and as a bearer token', async (t) => {
  const token = newToken()
  const { path, who } = start(t)
  await writeTokenFile(path, [record('ci', token)])

  for (const header of [
    basic('anybody', token),
    basic('', token),
    `Bearer ${token}`,
    `bearer  ${token} `,
    `BASIC ${basic('x', token).slice(6)}`
  ])
    t.equal(await who(header), 'ci', header.slice(0, 12))
  for (const header of [undefined, '', 'Basic', 'Basic !!!', basic(token, 'x'), basic('ops', 'secret'), 'Bearer x', `Digest ${token}`])
    t.equal(await who(header), 'anonymous', String(header))
})

t.test('an unknown token is refused, and an expired one is named', async (t) => {
  const token = newToken()
  let time = Date.parse('2026-01-31T00:00:00Z') - 1
  const { path, asked } = start(t, { now: () => time })
  await writeTokenFile(path, [record('ci', token, { expires: '2026-01-31T00:00:00Z' })])

  t.match(await asked(`Bearer ${token}`), { identity: { name: 'ci' }, rejected: undefined })
  time++
  t.match(await asked(`Bearer ${token}`), {
    identity: { kind: 'anonymous' },
    rejected: { reason: 'the token "ci" expired at 2026-01-31T00:00:00.000Z' }
  })
  t.match(await asked(`Bearer ${newToken()}`), { identity: { kind: 'anonymous' }, rejected: { reason: /is unknown, or was revoked/ } })
})

t.test('without a token file a token means nothing, as it may be for another server', async (t) => {
  const { asked } = start(t)

  t.strictSame(await asked(`Bearer ${newToken()}`), { identity: { kind: 'anonymous', name: 'anonymous', scopes: [] } })
})

t.test('a new token counts at once, and a revoked one as soon as the file is read again', async (t) => {
  const [first, second] = [newToken(), newToken()]
  const { path, tokens, who, asked } = start(t)
  await writeTokenFile(path, [record('first', first)])
  t.equal(await who(`Bearer ${first}`), 'first')
  t.notOk(asked(`Bearer ${first}`) instanceof Promise, 'one that was verified is answered at once')

  await writeTokenFile(path, [record('second', second)])

  t.equal(await who(`Bearer ${second}`), 'second')
  t.ok((await asked(`Bearer ${first}`)).rejected)
  await rm(path)
  await tokens.refresh()
  t.equal(await who(`Bearer ${second}`), 'anonymous')
})

t.test('a broken file is told once, and the last good one stays', async (t) => {
  const token = newToken()
  const { path, problems, tokens, who } = start(t)
  await writeTokenFile(path, [record('ci', token)])
  await tokens.refresh()

  writeFileSync(path, `${toTokenLine(record('other', newToken()))}\n{"name": "half\n`)
  for (let i = 0; i < 3; i++) await tokens.refresh()

  t.equal(await who(`Bearer ${token}`), 'ci')
  t.match(problems, [/line 2 is not JSON.*read before stay valid/])
  t.equal(problems.length, 1)
  await rm(path)
  await mkdir(path)
  for (let i = 0; i < 3; i++) await tokens.refresh()
  t.equal(await who(`Bearer ${token}`), 'ci')
  t.match(problems[1], /cannot be read \(EISDIR\)/)
  t.equal(problems.length, 2)
})

t.test('a server that starts with a broken file takes the good lines', async (t) => {
  const token = newToken()
  const { path, problems, who } = start(t)
  writeFileSync(path, `oops\n${toTokenLine(record('ci', token))}\n`)

  t.equal(await who(`Bearer ${token}`), 'ci')
  t.match(problems, [/line 1 is not JSON.*the other lines are used/])
})

t.test('what a line of the file must have, and that no problem quotes it', async (t) => {
  const good = record('ci', 'x')
  const table: [unknown, RegExp][] = [
    [[], /has no name/],
    [{ ...good, name: 'a b' }, /has no name/],
    [{ ...good, sha256: 'lep_secret' }, /^line 1 \(ci\) has no sha256/],
    [{ ...good, scopes: [] }, /has no scopes; expected a list of read, register, delete, admin/],
    [{ ...good, scopes: ['write'] }, /has no scopes/],
    [{ ...good, match: 'hello*' }, /"match" that is no list/],
    [{ ...good, match: [''] }, /"match" that is no list/],
    [{ ...good, expires: 'soon' }, /"expires" that is no time/]
  ]

  for (const [line, problem] of table) {
    const { records, problems } = parseTokenFile(`${JSON.stringify(line)}\n`)

    t.match(problems, [problem])
    t.strictSame(records, [])
    t.notMatch(problems.join(), /lep_/)
  }
  t.strictSame(parseTokenFile(`\n${toTokenLine(good)}\n\n`), { records: [good], problems: [] })
})

t.test('the file is written whole, and only its owner may read it', async (t) => {
  const folder = temporaryDirectory(t)
  const path = join(folder, 'tokens')
  await writeTokenFile(path, [record('a', 'x')])
  await writeTokenFile(path, [record('a', 'x'), record('b', 'y', { match: ['hello*'] })])

  t.equal((await stat(path)).mode & 0o777, 0o600)
  t.strictSame(await readdir(folder), ['tokens'])
  t.strictSame((await readTokenFile(path)).records, [record('a', 'x'), record('b', 'y', { match: ['hello*'] })])
  t.strictSame(await readTokenFile(join(folder, 'none')), { records: [], problems: [] })
})

t.test('a user header counts from a trusted proxy, once, and a token goes before it', async (t) => {
  const token = newToken()
  const users = { header: 'x-user', scopes: ['read'] as const, isTrusted: (address?: string) => address === '10.0.0.1' }
  const { path, asked } = start(t, { users })
  await writeTokenFile(path, [record('ci', token)])
  const named = async (header: string, { from = '10.0.0.1', authorization }: { from?: string; authorization?: string } = {}) =>
    (await asked(authorization, { more: { 'x-user': header }, from })).identity

  t.strictSame(await named('ada'), { kind: 'user', name: 'ada', scopes: ['read'] })
  t.equal((await named('ada', { from: '10.0.0.2' })).kind, 'anonymous')
  t.equal((await named('ada', { authorization: `Bearer ${token}` })).name, 'ci')
  for (const header of ['', ' ', 'a\u0007b', 'x'.repeat(201)]) t.equal((await named(header)).kind, 'anonymous', JSON.stringify(header))
  const twice = { headers: { 'x-user': 'mallory, ada' }, rawHeaders: ['X-User', 'mallory', 'x-user', 'ada'] }
  const authenticate = createAuthenticate({ tokens: openTokens({ path, onProblem: t.fail }), now: Date.now, users })
  t.match(await authenticate({ ...twice, socket: { remoteAddress: '10.0.0.1' } as never }, () => ''), { identity: { kind: 'anonymous' } })
})

t.test('failures of one address become slow, and those of others do not', async (t) => {
  let time = 0
  const failures = createFailures({ now: () => time, free: 2, windowMs: 60, waitMs: 1000, most: 3 })
  const noted = (...addresses: string[]) => addresses.map((address) => failures.note(address))

  t.strictSame(noted('a', 'a', 'a', 'b', 'a'), [0, 0, 1000, 0, 1000])
  time = 60
  t.strictSame(noted('a'), [0], 'a new window')
  t.strictSame(noted('a', 'a'), [0, 1000])
  noted('x', 'y', 'z')
  t.strictSame(noted('a'), [0], 'the oldest is forgotten')
})
