import { join, resolve } from 'node:path'
import type { Policy, Scope } from '../domain/policy.ts'
import type { RuleContext } from './config.ts'

/** How clients say who they are. */
export interface AccessSettings {
  /** The absolute path of the token file, which need not exist. */
  tokens: string
  /** Users that a trusted proxy names in a header, in lower case. */
  users: { header: string; scopes: readonly Scope[] } | undefined
  /** Whether the policy follows from the address, rather than from its setting. */
  isDefault: boolean
}

/** Mozart's openness stays on this machine: what other machines can reach needs a token to be changed. */
export function accessFrom({ settings }: RuleContext, data: string): { policy: Policy; access: AccessSettings } {
  const { policy, tokens, userHeader, userScopes, host } = settings
  return {
    policy: policy ?? (isLoopback(host) ? 'open' : 'read'),
    access: {
      tokens: tokens === undefined ? join(data, 'tokens') : resolve(tokens),
      users: userHeader === undefined ? undefined : { header: userHeader.toLowerCase(), scopes: userScopes },
      isDefault: policy === undefined
    }
  }
}

const isLoopback = (host: string): boolean =>
  /^(?:localhost\.?|127(?:\.\d{1,3}){3}|\[?(?:::1|(?:0{1,4}:){7}0{0,3}1|::ffff:127(?:\.\d{1,3}){3})\]?)$/i.test(host)
