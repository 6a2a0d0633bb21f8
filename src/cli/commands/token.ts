import { hashOfToken, newToken, type TokenRecord, tokenName } from '../../access/token.ts'
import { readTokenFile, writeTokenFile } from '../../access/token-file.ts'
import { whyUnreadable } from '../../config/files.ts'
import { type Scope, scopes } from '../../domain/policy.ts'
import { configured, output, print, textOf } from '../client/client-command.ts'
import { type Command, cells, complain, exit, heading, misuse, say, sayColumns, type Values } from '../terminal/terminal.ts'

export const token: Command = {
  usage: 'token new NAME --scope SCOPES [--match PATTERN]... [--expires WHEN] | token ls | token revoke NAME  [--json]',
  description: `Makes, lists and revokes the tokens by which a server knows its clients. They are in the file that LEPORELLO_TOKENS names (default:
tokens in LEPORELLO_DATA), hashed; a running server reads it again within a second. A new token is printed once, and cannot be read again.

Scopes: read; register (add containers, images, builds, tests, specs, tarballs); delete (remove them); admin (everything, also fsck --repair).
Each allows to read, too. A token with patterns may change only the ids that one of them matches, and the paths that one beginning with a
slash matches; it may read everything.

Clients present it as the password of any user, in URLs (http://ci:TOKEN@host:8888/api/v0.1) or in ~/.netrc, or as a Bearer token; these
commands, as LEPORELLO_TOKEN.

Exit status: 0 done, 1 the file cannot be used, or the name is taken or unknown, 64 usage.`,
  options: {
    scope: { type: 'string', help: 'what it may do, separated by commas', choices: scopes },
    match: { type: 'string', multiple: true, help: 'a pattern of ids such as "hello*", or of paths such as "/storage/hello/*"' },
    expires: { type: 'string', help: 'until when: 90d, 12h, or a time such as 2027-01-31T00:00:00Z; default: for ever' },
    json: { type: 'boolean', help: 'print the outcome as JSON' }
  },
  examples: [
    ['leporello token new ci --scope register --expires 365d', 'make a token for a builder'],
    ['leporello token new hello-team --scope register,delete --match "container-hello*"', 'one for some containers only'],
    ['leporello token ls', 'list them'],
    ['leporello token revoke ci', 'make one invalid']
  ],
  maxPositionals: 2,
  completes: [['new', 'ls', 'revoke'], []],
  run: configured('token', async ({ access: { tokens: file } }, { values, positionals: [what, name] }) => {
    const given = { file, records: await recordsIn(file), values }
    if (what === 'ls') return list(given)
    if (what !== 'new' && what !== 'revoke') throw misuse('expected new, ls or revoke')
    if (name === undefined || !tokenName.test(name))
      throw misuse(`expected a name after ${what}: up to 64 letters, digits, ".", "_", "@" and "-"`)
    return what === 'new' ? make(name, given) : revoke(name, given)
  })
}

type Given = { file: string; records: TokenRecord[]; values: Values }

async function recordsIn(file: string): Promise<TokenRecord[]> {
  const { records, problems } = await readTokenFile(file).catch((error) => {
    throw new Error(`${file} ${whyUnreadable(error)}; expected a file of tokens, or none`)
  })
  if (problems.length > 0) throw new Error(`${file} is broken: ${problems.join('; ')}; mend or remove these lines first`)
  return records
}

async function make(name: string, { file, records, values }: Given): Promise<number> {
  const held = scopesFrom(textOf(values, 'scope'))
  const match = (values['match'] as string[] | undefined) ?? null
  if (match?.some((pattern) => pattern === '' || pattern.length > 512)) throw misuse('--match is empty or too long; expected a pattern')
  const expires = expiryFrom(textOf(values, 'expires'))
  if (records.some((record) => record.name === name)) throw new Error(`there is a token "${name}" already; revoke it, or take another name`)
  const secret = newToken()
  const record = { name, sha256: hashOfToken(secret), scopes: held, match, expires, created: new Date().toISOString() }
  await writeTokenFile(file, [...records, record])
  if (values['json'] === true) print({ ...shown(record), token: secret, file })
  else {
    complain(`The token "${name}" is in ${file}, hashed. It is shown this once:`)
    say(secret)
  }
  return exit.done
}

async function revoke(name: string, { file, records, values }: Given): Promise<number> {
  const left = records.filter((record) => record.name !== name)
  if (left.length === records.length) {
    throw new Error(`there is no token "${name}" in ${file}; there are: ${records.map((record) => record.name).join(', ') || 'none'}`)
  }
  await writeTokenFile(file, left)
  output(values['json'] === true, { value: { revoked: name, file }, line: `The token "${name}" is revoked.` })
  return exit.done
}

function list({ file, records, values }: Given): number {
  if (values['json'] === true) print({ file, tokens: records.map(shown) })
  else if (records.length === 0) say(`There are no tokens in ${file}.`)
  else {
    const rows = records.map(({ name, scopes, match, expires, created }) => [
      ...cells(name, scopes.join(','), match?.join(' ') ?? 'any name', created.slice(0, 10)),
      { text: expires ?? 'never', ...(isPast(expires) && { colour: 'red' as const }) }
    ])
    sayColumns([heading('NAME', 'SCOPES', 'MAY CHANGE', 'MADE', 'EXPIRES'), ...rows])
  }
  return exit.done
}

/** Without its hash, which is nobody's business. */
const shown = ({ sha256: _, ...record }: TokenRecord) => ({ ...record, expired: isPast(record.expires) })

const isPast = (expires: string | null): boolean => expires !== null && Date.parse(expires) <= Date.now()

function scopesFrom(text: string | undefined): Scope[] {
  const given = (text ?? '').split(',').map((scope) => scope.trim())
  const known = scopes.filter((scope) => given.includes(scope))
  if (known.length > 0 && given.every((scope) => known.includes(scope as Scope))) return known
  throw misuse(`--scope is ${text === undefined ? 'missing' : JSON.stringify(text)}; expected some of ${scopes.join(', ')} between commas`)
}

function expiryFrom(text: string | undefined): string | null {
  if (text === undefined) return null
  const [, count, unit] = /^(\d{1,5})([dh])$/.exec(text) ?? []
  const time = unit ? Date.now() + Number(count) * (unit === 'd' ? 24 : 1) * 3_600_000 : Date.parse(text)
  if (Number.isFinite(time) && time > Date.now()) return new Date(time).toISOString()
  throw misuse(`--expires is ${JSON.stringify(text)}; expected a time to come: 90d, 12h, or one such as 2027-01-31T00:00:00Z`)
}
