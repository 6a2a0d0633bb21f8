import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'

/** Whether the peer at this address is one of our proxies. A Unix socket has no address, and is none. */
type TrustedProxies = (address: string | undefined) => boolean

/** From addresses such as `::1` and ranges such as `10.0.0.0/8`. An IPv4 address matches in its IPv6 form (`::ffff:10.0.0.1`), too. */
export function createTrustedProxies(list: readonly string[]): TrustedProxies {
  const trusted = new BlockList()
  for (const item of list) {
    const [network = '', bits] = item.split('/')
    if (bits === undefined) trusted.addAddress(network, familyOf(network))
    else trusted.addSubnet(network, Number(bits), familyOf(network))
  }
  return (address) => {
    const plain = address?.split('%', 1)[0] ?? '' // without the zone of fe80::1%eth0
    return isIP(plain) !== 0 && trusted.check(plain, familyOf(plain))
  }
}

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** What only a proxy may say: who the client is, and how it reached us. Mozart reads X-Script-Name and X-Scheme. */
const saidByProxies = /^(x-(script-name|scheme|real-ip|forwarded-(for|host|port|prefix|proto))|forwarded)$/i

/** Removes such headers from a request of anybody else, before anything reads them; the old Mozart does not get them, either. */
export function dropForgedHeaders({ headers, rawHeaders, socket }: IncomingMessage, isTrusted: TrustedProxies): void {
  for (let i = rawHeaders.length - 2; i >= 0; i -= 2) {
    const name = rawHeaders[i]!
    if (!saidByProxies.test(name)) continue
    if (isTrusted(socket.remoteAddress)) return
    delete headers[name.toLowerCase()]
    rawHeaders.splice(i, 2)
  }
}

/** The address of the client in front of all trusted proxies. A proxy may have written `unknown` instead: then it is the proxy's. */
export const clientAddress = ({ ip, socket }: FastifyRequest): string | undefined => (isIP(ip) ? ip : socket.remoteAddress)

/** Returns the client whose quota a request counts against: the identity, or the address of an anonymous client. */
export const clientOf = (request: FastifyRequest): string =>
  request.identity.kind === 'anonymous' ? (clientAddress(request) ?? 'a local client') : request.identity.name
