import type { LookupAddress } from 'node:dns'
import { lookup as systemLookup } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import { parseAddress, scopeOf } from './addresses.ts'
import { failureReason, sourceError } from './refusals.ts'

/** Returns all addresses of a name, best first. */
export type Resolve = (host: string) => Promise<LookupAddress[]>

/** Resolves as every program on this machine does, /etc/hosts included. */
export const systemResolve: Resolve = (host) => systemLookup(host, { all: true, verbatim: true })

export interface Approach {
  /** The URL in a message. */
  what: string
  /** Whether the policy names this host exactly, so that its address need not be public. */
  named: boolean
  /** The setting that would allow it, for a message. */
  remedy: string
}

/** Throws source_forbidden for a forbidden literal address, because connecting to one involves no lookup. */
export function checkLiteral(host: string, approach: Approach): void {
  const address = parseAddress(host)
  if (address !== undefined) allowed([{ address, family: address.includes(':') ? 6 : 4 }], approach)
}

/** Returns a lookup for one connection, which uses the checked addresses: a name that changes a moment later cannot bypass the check. */
export const checkedLookup =
  (resolve: Resolve, approach: Approach): LookupFunction =>
  (host, options, callback) => {
    resolve(host).then(
      (found) => {
        try {
          const addresses = allowed(found, approach)
          if (options.all) callback(null, addresses)
          else callback(null, addresses[0]!.address, addresses[0]!.family)
        } catch (error) {
          callback(error as Error, '')
        }
      },
      (error) =>
        callback(
          sourceError('source_unavailable', `${approach.what}: the name ${host} could not be resolved (${failureReason(error)})`, error),
          ''
        )
    )
  }

/** Returns the addresses that may be connected to. Throws source_forbidden when there are none. */
function allowed(found: readonly LookupAddress[], { what, named, remedy }: Approach): LookupAddress[] {
  const good = found.filter(({ address }) => {
    const { reach } = scopeOf(address)
    return reach === 'public' || (reach === 'local' && named)
  })
  if (good.length > 0) return good
  const [first] = found
  if (!first) throw sourceError('source_unavailable', `${what}: the name has no address`)
  const scope = scopeOf(first.address)
  const message = `${what} leads to ${first.address}, ${scope.what}${scope.reach === 'never' ? '; nothing is ever read from there' : `; ${remedy} would allow it`}`
  throw sourceError('source_forbidden', message)
}
