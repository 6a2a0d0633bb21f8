import t from 'tap'
import {
  type Action,
  anonymous,
  type Identity,
  isWrite,
  type Policy,
  policies,
  refusalOf,
  type Scope,
  scopesOf
} from '../../src/domain/policy.ts'

const token = (...scopes: Scope[]): Identity => ({ kind: 'token', name: 'ci', scopes })

/** By scope, from the least to the most. */
const actions: Readonly<Record<'nobody' | Scope, readonly Action[]>> = {
  nobody: ['public'],
  read: ['container:read', 'spec:read', 'object:read', 'operations:read', 'legacy:read'],
  register: ['container:write', 'spec:write', 'object:write'],
  delete: ['container:delete', 'spec:delete', 'object:delete'],
  admin: ['operations:write', 'legacy:write']
}
type Group = keyof typeof actions
const all = Object.keys(actions) as Group[]

t.test('who may do what under each policy', async (t) => {
  const table: [identity: Identity, allowed: Record<Policy, readonly Group[]>][] = [
    [anonymous, { open: all, read: ['nobody', 'read'], none: ['nobody'], 'read-only': ['nobody', 'read'] }],
    [token(), { open: all, read: ['nobody', 'read'], none: ['nobody'], 'read-only': ['nobody', 'read'] }],
    [token('read'), { open: all, read: ['nobody', 'read'], none: ['nobody', 'read'], 'read-only': ['nobody', 'read'] }],
    ...(['register', 'delete'] as const).map((scope): [Identity, Record<Policy, readonly Group[]>] => [
      token(scope),
      { open: all, read: ['nobody', 'read', scope], none: ['nobody', 'read', scope], 'read-only': ['nobody', 'read'] }
    ]),
    [token('admin'), { open: all, read: all, none: all, 'read-only': ['nobody', 'read'] }],
    [
      { kind: 'user', name: 'ada', scopes: ['read', 'register'] },
      { open: all, read: ['nobody', 'read', 'register'], none: ['nobody', 'read', 'register'], 'read-only': ['nobody', 'read'] }
    ]
  ]

  for (const [identity, allowed] of table) {
    for (const policy of policies) {
      for (const group of all) {
        for (const action of actions[group]) {
          const refusal = refusalOf(policy, { identity, action })

          t.equal(refusal === undefined, allowed[policy].includes(group), `${policy}: ${identity.kind} (${identity.scopes}) ${action}`)
        }
      }
    }
  }
})

t.test('401 where a token would help, 403 where it would not', async (t) => {
  const code = (policy: Policy, identity: Identity, action: Action) => refusalOf(policy, { identity, action })?.code

  t.equal(code('read', anonymous, 'container:write'), 'unauthenticated')
  t.equal(code('none', anonymous, 'container:read'), 'unauthenticated')
  t.equal(code('read', token('read'), 'container:write'), 'forbidden')
  t.equal(code('read-only', anonymous, 'container:write'), 'forbidden')
  t.equal(code('read-only', token('admin'), 'legacy:write'), 'forbidden')
})

t.test('patterns narrow what an identity may change, and not what it may read', async (t) => {
  const names: [match: string[], scopes: Scope[], action: Action, names: string[] | undefined, allowed: boolean][] = [
    [['hello*'], ['register'], 'container:write', ['hello:1'], true],
    [['hello*'], ['register'], 'container:write', ['hello:1', 'other:1'], false],
    [['hello*'], ['register'], 'container:write', undefined, true],
    [['hello*'], ['register'], 'container:read', ['other:1'], true],
    [['hello*'], ['register'], 'spec:write', ['job-hello:1'], false],
    [['hello*', 'job-hello*'], ['register'], 'spec:write', ['job-hello:1'], true],
    [['hello*'], ['delete'], 'container:delete', ['other:1'], false],
    [['hello*'], ['admin'], 'container:delete', ['other:1'], false],
    [[], ['register'], 'container:write', ['hello:1'], false],
    [['*'], ['register'], 'object:write', ['/storage/hello.tar'], false],
    [['/storage/hello/*'], ['register'], 'object:write', ['/storage/hello/x.tar'], true],
    [['/storage/hello/*'], ['register'], 'object:write', ['/storage/other/x.tar'], false],
    [['/storage/hello/*'], ['register'], 'object:write', ['/storage/'], true],
    [['/storage/hello/*'], ['register'], 'object:write', ['/storage/hello/'], true],
    [['/storage/hello/*'], ['register'], 'object:write', ['/storage/other/'], false],
    [['/storage/hello/*'], ['register'], 'container:write', ['/storage/hello/x.tar'], false],
    [['hello*'], ['admin'], 'object:delete', ['/storage/other/x.tar'], true],
    [['hello*'], ['admin'], 'operations:write', undefined, false],
    [['hello*'], ['admin'], 'legacy:write', undefined, false],
    [['*'], ['admin'], 'operations:write', undefined, true]
  ]

  for (const [match, held, action, asked, allowed] of names) {
    const refusal = refusalOf('read', { identity: { ...token(...held), match }, action, names: asked })

    t.equal(refusal === undefined, allowed, `${match} (${held}) ${action} ${asked}`)
    if (!allowed) t.equal(refusal?.code, 'forbidden')
  }
})

t.test('a refusal says what is missing and what to do', async (t) => {
  const reason = (identity: Identity, action: Action, names?: string[]) => refusalOf('read', { identity, action, names })?.reason

  t.match(reason(anonymous, 'container:write'), /scope "register".*~\/\.netrc.*leporello token new NAME --scope register$/)
  t.match(reason(token('read'), 'container:delete'), /^the token "ci" lacks the scope "delete".*it has: read;/)
  t.match(
    reason({ ...token('register'), match: ['hello*'] }, 'container:write', ['other:1']),
    /^the token "ci" may only change hello\*, and "other:1" matches none of that; use a token with a pattern/
  )
  t.match(refusalOf('read-only', { identity: anonymous, action: 'spec:write' })?.reason, /nobody writes here.*LEPORELLO_POLICY$/)
})

t.test('what changes something is a write', async (t) => {
  for (const group of all) for (const action of actions[group]) t.equal(isWrite(action), group !== 'nobody' && group !== 'read', action)
})

t.test('what somebody may do at all', async (t) => {
  t.strictSame(scopesOf('read', anonymous), ['read'])
  t.strictSame(scopesOf('none', anonymous), [])
  t.strictSame(scopesOf('open', token('read')), ['read', 'register', 'delete', 'admin'])
  t.strictSame(scopesOf('none', token('register')), ['read', 'register'])
  t.strictSame(scopesOf('read-only', token('admin')), ['read'])
})
