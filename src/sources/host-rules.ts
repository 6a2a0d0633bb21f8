import { globMatches } from '../domain/glob.ts'
import { parseAddress } from './addresses.ts'

/** One entry of VERIFY_HOSTS. */
export interface HostRule {
  /** A name, an address (IPv6 in brackets), or a pattern with `*` or `?`. */
  host: string
  /** `*` for any port; when absent, the scheme's default port. */
  port?: string
  /** Whether the entry names a host in full: then its address need not be public. */
  literal: boolean
}

/** Parses `files.example.org`, `*.example.org`, `minio:9000`, `[fd00::1]:*`, or IPv6 without brackets; undefined for anything else. */
export function parseHostRule(text: string): HostRule | undefined {
  const whole = parseAddress(text)
  if (whole !== undefined) return { host: hostOf(whole), literal: true }
  const [, host = '', port] = /^(\[[^\]]+\]|[^\s:/@[\]]+)(?::(\d{1,5}|\*))?$/.exec(text) ?? []
  const literal = !/[*?]/.test(host)
  const canonical = literal ? canonicalHost(host) : withoutDot(host.toLowerCase())
  if (!canonical) return undefined
  return { host: canonical, ...(port !== undefined && { port: port.replace(/^0+(?=\d)/, '') }), literal }
}

/** Returns how a host is allowed: `named` at any address, `listed` at a public one, or not. `usual`: the port is the scheme's default. */
export function opening(rules: readonly HostRule[], at: { host: string; port: string; usual: boolean }): 'named' | 'listed' | undefined {
  const host = withoutDot(at.host)
  const fitting = rules.filter(
    (rule) =>
      (rule.port === undefined ? at.usual : rule.port === '*' || rule.port === at.port) &&
      (rule.literal ? rule.host === host : globMatches(rule.host, host))
  )
  if (fitting.some((rule) => rule.literal)) return 'named'
  return fitting.length > 0 ? 'listed' : undefined
}

/** Spells a host as a URL does: lower case, punycode, 2130706433 as 127.0.0.1. */
function canonicalHost(host: string): string | undefined {
  const url = `http://${host}/`
  return URL.canParse(url) ? withoutDot(new URL(url).hostname) : undefined
}

const hostOf = (address: string) => (address.includes(':') ? canonicalHost(`[${address}]`)! : address)

/** Removes the final dot of a host name: `localhost.` is `localhost`. */
export const withoutDot = (host: string): string => host.replace(/\.$/, '')
