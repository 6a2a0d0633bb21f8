import { createHash, randomBytes } from 'node:crypto'
import { type Scope, scopes } from '../domain/policy.ts'

/** A token as the file has it: one JSON object a line. The token itself is nowhere. */
export interface TokenRecord {
  name: string
  /** Of the token, in hexadecimal digits. So much entropy needs no slow hash, which would cost every request. */
  sha256: string
  scopes: readonly Scope[]
  /** Patterns of the names that it may change; null: any. */
  match: readonly string[] | null
  /** ISO 8601; null: never. */
  expires: string | null
  created: string
}

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** 32 bytes in base 62. */
const length = 43

/** Returns a new token: `lep_`, by which scanners find one that was published by mistake, and 32 random bytes. */
export function newToken(): string {
  let rest = BigInt(`0x${randomBytes(32).toString('hex')}`)
  let text = ''
  for (; rest > 0n; rest /= 62n) text = digits[Number(rest % 62n)] + text
  return `lep_${text.padStart(length, '0')}`
}

/** Returns whether a password is meant for us, be it valid or not. Others are for a proxy, or for the old Mozart. */
export const looksLikeToken = (secret: string): boolean => secret.startsWith('lep_')

export const hashOfToken = (token: string): string => createHash('sha256').update(token).digest('hex')

export const toTokenLine = ({ name, sha256, scopes, match, expires, created }: TokenRecord): string =>
  JSON.stringify({ name, sha256, scopes, match, expires, created })

/** What a name of a token looks like: it stands in logs, in the history and on command lines. */
export const tokenName = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/

/** Parses the text of a token file. Returns what is wrong with it, too; a problem never quotes the line. */
export function parseTokenFile(text: string): { records: TokenRecord[]; problems: string[] } {
  const records: TokenRecord[] = []
  const problems: string[] = []
  for (const [place, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const found = parseLine(line)
    if (typeof found === 'string') problems.push(`line ${place + 1} ${found}`)
    else records.push(found)
  }
  return { records, problems }
}

function parseLine(line: string): TokenRecord | string {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return 'is not JSON; expected an object such as "leporello token new" writes'
  }
  const { name, sha256, scopes: held, match = null, expires = null, created = '' } = Object(value) as Record<string, unknown>
  if (typeof name !== 'string' || !tokenName.test(name)) return 'has no name of letters, digits, ".", "_", "@" and "-"'
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) return `(${name}) has no sha256 of 64 hexadecimal digits`
  if (!isListOf(held, (scope) => scopes.includes(scope as Scope))) return `(${name}) has no scopes; expected a list of ${scopes.join(', ')}`
  if (match !== null && !isListOf(match, (pattern) => pattern !== '' && pattern.length <= 512))
    return `(${name}) has a "match" that is no list of patterns; expected one such as ["hello*", "/storage/hello/*"], or null`
  if (expires !== null && (typeof expires !== 'string' || Number.isNaN(Date.parse(expires))))
    return `(${name}) has an "expires" that is no time; expected one such as 2027-01-31T00:00:00Z, or null`
  return { name, sha256, scopes: held as Scope[], match, expires, created: String(created) }
}

const isListOf = (value: unknown, fits: (item: string) => boolean): value is string[] =>
  Array.isArray(value) && value.length > 0 && value.length <= 1000 && value.every((item) => typeof item === 'string' && fits(item))
