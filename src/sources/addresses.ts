import ipaddr from 'ipaddr.js'

/** What an address may lead to: any server (`public`), a server inside the site (`local`), or one that never serves files (`never`). */
export interface AddressScope {
  reach: 'public' | 'local' | 'never'
  /** A description, such as "a private address". */
  what: string
}

/** Metadata addresses other than the link-local ones. They give a machine's credentials to any client. */
const metadata = new Set([
  '100.100.100.200', // Alibaba
  '168.63.129.16', // Azure, within the public range
  '192.0.0.192', // Oracle
  'fd00:ec2::254', // Amazon
  'fd20:ce::254', // Google
  'fd00:42::42' // Scaleway
])

const never: Readonly<Record<string, string>> = {
  unspecified: 'an unspecified address',
  broadcast: 'a broadcast address',
  multicast: 'a multicast address',
  linkLocal: 'a link-local address, where clouds keep their metadata',
  teredo: 'a Teredo address'
}

const local: Readonly<Record<string, string>> = {
  loopback: 'a loopback address',
  private: 'a private address',
  uniqueLocal: 'a private address',
  carrierGradeNat: 'a shared address of a carrier or a cloud'
}

/** Returns an address as canonical text; an IPv6 address may be in brackets. Returns undefined for anything else, and for an address with a zone. */
export function parseAddress(text: string): string | undefined {
  const bare = text.replace(/^\[(.*)\]$/, '$1')
  if (bare.includes('%')) return undefined
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return bare
  return ipaddr.IPv6.isValid(bare) ? ipaddr.IPv6.parse(bare).toString() : undefined
}

/** Classifies an address. An address that is not known to be public counts as not public. */
export function scopeOf(text: string): AddressScope {
  const canonical = parseAddress(text)
  if (canonical === undefined) return { reach: 'never', what: 'not an address' }
  if (metadata.has(canonical)) return { reach: 'never', what: 'a metadata address' }
  const address = ipaddr.parse(canonical)
  if (address.kind() === 'ipv6') {
    const inner = embedded(address as ipaddr.IPv6)
    if (inner !== undefined) return insideOf(inner)
  }
  const range = address.range()
  if (never[range]) return { reach: 'never', what: never[range] }
  if (local[range]) return { reach: 'local', what: local[range] }
  if (range !== 'unicast' || !isGlobal(address)) return { reach: 'local', what: 'a reserved address' }
  return { reach: 'public', what: 'a public address' }
}

/** Only this eighth of IPv6 is assigned; the library calls the rest unicast, too. */
const isGlobal = (address: ipaddr.IPv4 | ipaddr.IPv6): boolean =>
  address.kind() === 'ipv4' || (address as ipaddr.IPv6).match(ipaddr.IPv6.parse('2000::'), 3)

/** Returns the IPv4 address that a kernel or translator derives from an IPv6 one; '' where there is one at an unknown position. */
function embedded(address: ipaddr.IPv6): string | undefined {
  const bytes = address.toByteArray()
  const from = (start: number) => bytes.slice(start, start + 4).join('.')
  const range = address.range()
  if (range === 'ipv4Mapped' || range === 'rfc6145') return from(12)
  if (range === '6to4') return from(2)
  // 64:ff9b:1::/48 is for private translators, each with its own layout
  if (range === 'rfc6052') return bytes[5] === 0 ? from(12) : ''
  // ::127.0.0.1, long deprecated and still routed in places
  if (range === 'unicast' && bytes.slice(0, 12).every((byte) => byte === 0)) return from(12)
  return undefined
}

/** Returns the scope of an embedded address, at best local: such a form serves to get past a filter, or leads to a translator. */
function insideOf(inner: string): AddressScope {
  const { reach, what } = scopeOf(inner)
  return {
    reach: reach === 'never' ? 'never' : 'local',
    what: `an IPv4 address in the form of an IPv6 one, ${inner ? what : 'of a local translator'}`
  }
}
