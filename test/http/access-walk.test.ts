import { writeFile } from 'node:fs/promises'
import { createServer as createOldMozart } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { InjectOptions } from 'fastify'
import t, { type Test } from 'tap'
import { createAuthenticate } from '../../src/access/authentication.ts'
import { hashOfToken, newToken } from '../../src/access/token.ts'
import { openTokens, writeTokenFile } from '../../src/access/token-file.ts'
import type { Policy, Scope } from '../../src/domain/policy.ts'
import type { RefusedAttempt } from '../../src/http/guard.ts'
import { temporaryDirectory } from '../stores/embedded/directory.ts'
import { operatorOptions } from '../support/operator-options.ts'
import { openStores } from '../support/start-server.ts'
import { startWithTarballs, type WithTarballs } from '../support/tarballs.ts'
import { accessTable, type Need } from './access-table.ts'

interface Caller {
  headers: Record<string, string>
  /** What it may do, in the words of the table. */
  may: readonly Need['scope'][]
  /** Whether its patterns fit the names that requests are about; undefined: it has none. */
  fits?: boolean
  isAnonymous?: boolean
  /** A token that is not valid, which is refused wherever anybody is asked who they are. */
  isInvalid?: boolean
}

const patterns = { true: ['walk*', '/storage/walk/*'], false: ['other*', '/storage/other/*'] }
const tokens = { expired: newToken(), read: newToken(), register: newToken(), delete: newToken(), admin: newToken() }
const fitting = { register: newToken(), delete: newToken(), admin: newToken() }
const unfitting = { register: newToken(), delete: newToken(), admin: newToken() }
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const basic = (token: string) => ({ authorization: `Basic ${Buffer.from(`anybody:${token}`).toString('base64')}` })

const anonymously = (...may: Need['scope'][]): Caller => ({ headers: {}, may: ['public', ...may], isAnonymous: true })
const reader: Caller = { headers: bearer(tokens.read), may: ['public', 'read'] }
const adminMay = ['public', 'read', 'register', 'delete', 'admin'] as const
const withPatterns = (fits: boolean, given: Record<'register' | 'delete' | 'admin', string>): Record<string, Caller> => ({
  [`register, patterns that fit: ${fits}`]: { headers: bearer(given.register), may: ['public', 'read', 'register'], fits },
  [`delete, patterns that fit: ${fits}`]: { headers: bearer(given.delete), may: ['public', 'read', 'delete'], fits },
  [`admin, patterns that fit: ${fits}`]: { headers: bearer(given.admin), may: adminMay, fits }
})

const callers: Record<Policy, Record<string, Caller>> = {
  open: { anonymous: anonymously('read', 'register', 'delete', 'admin'), reader: { ...reader, may: adminMay } },
  read: { anonymous: anonymously('read'), reader },
  'read-only': { anonymous: anonymously('read'), admin: { headers: bearer(tokens.admin), may: ['public', 'read'] } },
  none: {
    anonymous: anonymously(),
    reader: { ...reader, headers: basic(tokens.read) },
    'a builder': { headers: basic(tokens.register), may: ['public', 'read', 'register'] },
    'a remover': { headers: bearer(tokens.delete), may: ['public', 'read', 'delete'] },
    'an admin': { headers: bearer(tokens.admin), may: adminMay },
    ...withPatterns(true, fitting),
    ...withPatterns(false, unfitting),
    'one with an expired token': { headers: bearer(tokens.expired), may: ['public'], isInvalid: true },
    'one with an unknown token': { headers: basic(newToken()), may: ['public'], isInvalid: true },
    'one with a password for another server': {
      headers: { authorization: `Basic ${btoa('ops:secret')}` },
      may: ['public'],
      isAnonymous: true
    },
    'a user whom the proxy names': { headers: { 'x-user': 'ada' }, may: ['public', 'read', 'register'] }
  }
}

async function tokenFile(t: Test): Promise<string> {
  const path = join(temporaryDirectory(t), 'tokens')
  const record = (name: string, token: string, scope: Scope, match: string[] | null = null) => {
    const expires = name === 'expired' ? '2020-01-01T00:00:00Z' : '2999-01-01T00:00:00Z'
    return { name, sha256: hashOfToken(token), scopes: [scope], match, expires, created: '2020-01-01T00:00:00Z' }
  }
  await writeTokenFile(path, [
    ...Object.entries(tokens).map(([name, token]) => record(name, token, name === 'expired' ? 'admin' : (name as Scope))),
    ...Object.entries(fitting).map(([name, token]) => record(`fitting-${name}`, token, name as Scope, patterns.true)),
    ...Object.entries(unfitting).map(([name, token]) => record(`unfitting-${name}`, token, name as Scope, patterns.false))
  ])
  return path
}

/** The real one takes a third of a second to read, for each of eight routes and each identity. */
async function smallDescription(t: Test): Promise<URL> {
  const path = join(temporaryDirectory(t), 'openapi.yaml')
  await writeFile(path, 'openapi: 3.1.0\ninfo: {title: Leporello}\nservers: []\npaths: {}\n')
  return pathToFileURL(path)
}

async function start(t: Test, { policy, routes = [] }: { policy: Policy; routes?: string[] }) {
  const stores = await openStores(t)
  const refusals: RefusedAttempt[] = []
  const old = createOldMozart((request, reply) => request.resume().on('end', () => reply.end('{}')))
  await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void old.close())
  const users = { header: 'x-user', scopes: ['register'] as const, isTrusted: (address: string | undefined) => address === '127.0.0.1' }
  const server = await startWithTarballs(t, {
    stores,
    policy,
    operator: { ...operatorOptions(stores), description: await smallDescription(t) },
    legacyMozartUrl: `http://127.0.0.1:${(old.address() as AddressInfo).port}`,
    authenticate: createAuthenticate({
      tokens: openTokens({ path: await tokenFile(t), onProblem: t.fail }),
      now: Date.now,
      users,
      failures: { note: () => 0 }
    }),
    audit: (attempt) => refusals.push(attempt),
    before: async (app) => {
      app.addHook('onRoute', ({ method, url }) => void routes.push(...[method].flat().map((name) => `${name} ${url}`)))
    }
  })
  for (const id of imagesOfChannels) await server.catalogue.containers.add({ ...registration, id }, { ...context, merge: false })
  return { ...server, refusals }
}

const form = 'application/x-www-form-urlencoded'
const json = 'application/json'

/** What a request needs so that whatever it changes is known: the name `walk:1`, wherever this route takes it from. */
async function requestFor(route: string, { catalogue }: WithTarballs): Promise<InjectOptions> {
  const [method = '', pattern = ''] = route.split(' ')
  const names: Record<string, string> = {
    id: 'walk:1',
    architecture: 'arm64',
    revision: '1.1',
    channel: 'walk',
    number: '1',
    name: 'walk-1'
  }
  if (pattern.includes(':upload')) names['upload'] = await newUpload(catalogue)
  const changesChannel = (method !== 'GET' && method !== 'HEAD') || pattern.endsWith('/roll-back')
  if (pattern.includes(':channel') && changesChannel) names['channel'] = await newChannel(catalogue)
  const url = pattern
    .replace(/:(\w+)/g, (_, name) => encodeURIComponent(names[name]!))
    .replace('/v2/*', '/v2/walk/manifests/1')
    .replace('*', 'walk/x.tar')
  const request = { method: method as 'GET', url, payloadAsStream: true }
  const spec = /\/(job_spec|hysds_io)(\/add)?$/.test(pattern)
  if (method === 'POST' && (spec || /\/container(\/add)?$/.test(pattern))) {
    const parameters = spec ? { spec: '{"id": "walk:1"}' } : { name: 'walk:1', version: '1', digest: 'd', url: 's3://walk/x.tar' }
    return { ...request, headers: { 'content-type': form }, payload: new URLSearchParams(parameters as Record<string, string>).toString() }
  }
  if (/\/remove$|\/(job_spec|hysds_io|container)$/.test(pattern)) return { ...request, url: `${url}?id=walk:1` }
  if (pattern.endsWith('/roll-back')) return { ...request, url: `${url}?to=1` }
  if (route === 'POST /ui/channels/:channel/promote') return { ...request, payload: 'set=walk-set:1&confirm=yes' }
  if (pattern.includes('/channels/') && method !== 'DELETE') {
    const payload = method === 'PUT' ? { set: ['walk-set:1'] } : {}
    return { ...request, headers: { 'content-type': json }, ...(/PUT|POST/.test(method) && { payload }) }
  }
  if (route === 'POST /api/v1/releases')
    return { ...request, headers: { 'content-type': json }, payload: { name: 'walk-1', set: ['walk-set:1'] } }
  if (pattern.endsWith('/batch')) {
    const items = [{ id: 'walk:1', op: 'put-image', architecture: 'arm64', url: 's3://walk/x.tar', version: '1' }]
    return { ...request, headers: { 'content-type': json }, payload: { items } }
  }
  if (route === 'POST /api/v1/uploads')
    return { ...request, headers: { 'upload-length': '9', 'tus-resumable': '1.0.0', 'upload-metadata': `id ${btoa('walk:1')}` } }
  if (pattern.includes(':upload')) {
    const piece = { 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' }
    return { ...request, headers: { 'tus-resumable': '1.0.0', ...(method === 'PATCH' && piece) } }
  }
  return pattern.endsWith('/wait') ? { ...request, url: `${url}?timeout=0` } : request
}

const registration = { version: '1', digest: 'd', url: 's3://walk/x.tar', urls: '' }
const imagesOfChannels = ['walk-set:1', 'walk-set:2']
const cause = { face: 'api', identity: null, address: null, agent: null, request: null, reason: null } as const
const context = { publicUrl: 'http://127.0.0.1', cause }
let channels = 0

/** A channel that was moved twice, so that whatever is asked for changes it. */
async function newChannel({ channels: all }: WithTarballs['catalogue']): Promise<string> {
  const channel = `walk-${channels++}`
  for (const id of imagesOfChannels) await all.promote({ ...context, channel, set: [id], require: [], keep: false, permit: () => {} })
  return channel
}

async function newUpload({ uploads }: WithTarballs['catalogue']): Promise<string> {
  const claim = { id: 'walk:1', architecture: undefined, version: '1', filename: undefined, sha256: undefined, also: undefined }
  return (await uploads!.create({ ...claim, ...context, size: 9 })).upload
}

function isAllowed({ scope, about }: Need, { may, fits }: Caller): boolean {
  if (!may.includes(scope)) return false
  if (fits === undefined || about === 'nothing') return true
  const isAdmin = may.includes('admin')
  if (about === 'path') return fits || isAdmin
  return about === 'id' && fits
}

t.test('the table has every route, and no other', async (t) => {
  const routes: string[] = []
  await start(t, { policy: 'open', routes })

  const inTable = [...accessTable.keys()].filter((route) => !/ \/job\//.test(route))

  t.strictSame([...new Set(routes)].sort(), inTable.sort())
  t.ok(routes.length > 150, `${routes.length} routes`)
})

for (const policy of Object.keys(callers) as Policy[]) {
  t.test(`every route and every identity under the policy ${policy}`, async (t) => {
    const server = await start(t, { policy })
    for (const [name, caller] of Object.entries(callers[policy])) {
      for (const [route, need] of accessTable) {
        server.refusals.length = 0
        const { headers, ...request } = await requestFor(route, server)

        const reply = await server.app.inject({ ...request, headers: { ...headers, ...caller.headers } })
        reply.stream().destroy()

        const [refusal] = server.refusals
        const expected = isAllowed(need, caller)
          ? undefined
          : caller.isInvalid || (caller.isAnonymous && policy !== 'read-only')
            ? 401
            : 403
        const isWrite = !['public', 'read'].includes(need.scope)
        const status = refusal && { unauthenticated: 401, forbidden: 403 }[refusal.code]
        if (status !== (policy === 'read-only' && isWrite ? 403 : expected)) t.fail(`${name}: ${route}: ${refusal?.reason ?? 'allowed'}`)
        if (status !== undefined && reply.statusCode !== status) t.fail(`${name}: ${route}: answered ${reply.statusCode}`)
        // a registry client is asked to sign in, also where anonymous may go on; and so is who asks for that in a browser
        const isAsked = reply.headers['www-authenticate'] !== undefined
        if (status === 401 ? !isAsked : isAsked && !/ \/(v2(\/token)?|ui\/sign-in)$/.test(route))
          t.fail(`${name}: ${route}: WWW-Authenticate`)
      }
    }
    t.pass(`${Object.keys(callers[policy]).length} identities × ${accessTable.size} routes`)
  })
}
