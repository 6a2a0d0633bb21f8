import { globMatches } from './glob.ts'

/** What anonymous may do: everything, as with Mozart; read; nothing. `read-only`: anonymous may read, and nobody may write. */
export const policies = ['open', 'read', 'none', 'read-only'] as const
export type Policy = (typeof policies)[number]

export const scopes = ['read', 'register', 'delete', 'admin'] as const
export type Scope = (typeof scopes)[number]

/** What a route does. `legacy` is what the old Mozart is asked for. */
export type Action =
  | 'public'
  | `${'container' | 'spec' | 'object'}:${'read' | 'write' | 'delete'}`
  | `${'operations' | 'legacy'}:${'read' | 'write'}`

/** Who sends a request. */
export interface Identity {
  kind: 'anonymous' | 'token' | 'user'
  name: string
  scopes: readonly Scope[]
  /** Patterns of the names that it may change: of ids, and of paths (`/storage/…`). Absent: any. */
  match?: readonly string[] | undefined
  expires?: Date | undefined
}

export const anonymous: Identity = { kind: 'anonymous', name: 'anonymous', scopes: [] }

/** A name for logs and the history: of a token or a user; null for anonymous. */
export const signatureOf = ({ kind, name }: Identity): string | null => (kind === 'anonymous' ? null : `${kind}:${name}`)

interface Requirement {
  /** Absent: everybody may, under any policy. */
  scope?: Scope
  /** What the patterns of an identity are compared with: names that are changed, or whatever there is. Absent for what changes nothing. */
  changes?: 'ids' | 'paths' | 'everything'
}

const read: Requirement = { scope: 'read' }

const requirements: Readonly<Record<Action, Requirement>> = {
  public: {},
  'container:read': read,
  'container:write': { scope: 'register', changes: 'ids' },
  'container:delete': { scope: 'delete', changes: 'ids' },
  'spec:read': read,
  'spec:write': { scope: 'register', changes: 'ids' },
  'spec:delete': { scope: 'delete', changes: 'ids' },
  'object:read': read,
  'object:write': { scope: 'register', changes: 'paths' },
  'object:delete': { scope: 'delete', changes: 'paths' },
  'operations:read': read,
  'operations:write': { scope: 'admin', changes: 'everything' },
  'legacy:read': read,
  // it submits jobs and purges queues: code that runs on the cluster
  'legacy:write': { scope: 'admin', changes: 'everything' }
}

export const isWrite = (action: Action): boolean => requirements[action].changes !== undefined

export interface Question {
  identity: Identity
  action: Action
  /** The ids, or paths such as `/storage/hello.tar`, that are changed. Absent while they are not known: ask again when they are. */
  names?: readonly string[] | undefined
}

export interface Refusal {
  /** unauthenticated: a token would help. forbidden: who asks is known, and may not. */
  code: 'unauthenticated' | 'forbidden'
  /** What is missing, and what to do, as a clause. */
  reason: string
}

const anonymousScopes: Readonly<Record<Policy, readonly Scope[]>> = { open: ['admin'], read: ['read'], none: [], 'read-only': ['read'] }

/** Decides whether somebody may do something: the one place where this is decided. Returns why not, or undefined if they may. */
export function refusalOf(policy: Policy, { identity, action, names }: Question): Refusal | undefined {
  const { scope, changes } = requirements[action]
  if (scope === undefined) return undefined
  if (changes && policy === 'read-only') return { code: 'forbidden', reason: writesNowhere(action) }
  if (covers(anonymousScopes[policy], scope)) return undefined
  if (identity.kind === 'anonymous') return { code: 'unauthenticated', reason: lacksToken(action, scope) }
  if (!covers(identity.scopes, scope)) return { code: 'forbidden', reason: lacksScope(identity, action, scope) }
  const outside = changes && firstOutside(identity, changes, names)
  return outside === undefined ? undefined : { code: 'forbidden', reason: outside }
}

/** Returns everything that somebody may do somewhere. */
export const scopesOf = (policy: Policy, { scopes: held }: Identity): Scope[] =>
  scopes.filter((scope) => (scope === 'read' || policy !== 'read-only') && (covers(anonymousScopes[policy], scope) || covers(held, scope)))

/** Whoever may change something may also look at it, and an admin may do everything. */
const covers = (held: readonly Scope[], scope: Scope): boolean =>
  held.includes(scope) || held.includes('admin') || (scope === 'read' && held.length > 0)

/**
 * Returns whether somebody reads the secrets in URLs outside the document itself: a token or user that may register any container. Nobody
 * anonymous does, whatever the policy lets them change: who needs a URL to pull by it reads the document.
 */
export const seesSecrets = ({ kind, scopes, match }: Identity): boolean =>
  kind !== 'anonymous' && match === undefined && covers(scopes, 'register')

/** No id or path is longer. Comparing takes as long as the name times the pattern, and a stranger may send any. */
const longestName = 2048

/** Returns a reason if the patterns of an identity do not cover what is changed. Patterns that begin with a slash are of paths. */
function firstOutside(identity: Identity, changes: NonNullable<Requirement['changes']>, names: Question['names']): string | undefined {
  const { match } = identity
  if (match === undefined) return undefined
  if (changes === 'paths' && identity.scopes.includes('admin')) return undefined
  if (changes === 'everything') {
    return match.includes('*')
      ? undefined
      : `${whoIs(identity)} may only change ${match.join(', ')}, and this is about everything; use a token without patterns`
  }
  const patterns = match.filter((pattern) => pattern.startsWith('/') === (changes === 'paths'))
  const name = names?.find((name) => name.length > longestName || !patterns.some((pattern) => fits(name, pattern)))
  if (name === undefined) return undefined
  const advice = changes === 'paths' ? 'a pattern such as "/storage/*" would permit paths' : 'use a token with a pattern for this name'
  return `${whoIs(identity)} may only change ${match.join(', ')}, and ${JSON.stringify(name.slice(0, 200))} matches none of that; ${advice}`
}

/** A path that ends with a slash is a folder: those above a permitted path may be made, as clients of WebDAV do before they put a file. */
const fits = (name: string, pattern: string): boolean =>
  globMatches(pattern, name) || (name.startsWith('/') && name.endsWith('/') && pattern.startsWith(name))

/** Who it is, for messages. */
const whoIs = ({ kind, name }: Identity): string => (kind === 'anonymous' ? name : `the ${kind} ${JSON.stringify(name)}`)

const writesNowhere = (action: Action): string =>
  `the policy "read-only" of this service does not permit ${action}: nobody writes here, for example while a cluster is switched over; wait, or ask its operator to set another LEPORELLO_POLICY`

const lacksToken = (action: Action, scope: Scope): string =>
  `${action} needs a token with the scope "${scope}": send it as the password of any user, in the URL (ci:TOKEN@ before the host) or in ~/.netrc, or as a Bearer token; the operator of this service makes one with: ${tokenCommand(scope)}`

const lacksScope = (identity: Identity, action: Action, scope: Scope): string =>
  `${whoIs(identity)} lacks the scope "${scope}", which ${action} needs; it has: ${identity.scopes.join(', ')}; the operator of this service makes another token with: ${tokenCommand(scope)}`

/** The command that makes a token, for people who lack one. */
export const tokenCommand = (scope: Scope): string => `leporello token new NAME --scope ${scope}`
