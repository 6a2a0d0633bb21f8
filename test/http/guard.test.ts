import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createAuthenticate } from '../../src/access/authentication.ts'
import { hashOfToken, newToken } from '../../src/access/token.ts'
import { openTokens, writeTokenFile } from '../../src/access/token-file.ts'
import type { Policy, Scope } from '../../src/domain/policy.ts'
import type { RefusedAttempt } from '../../src/http/guard.ts'
import { temporaryDirectory } from '../stores/embedded/directory.ts'
import { startWithTarballs, type TarballOptions } from '../support/tarballs.ts'

type Given = Record<string, { scopes: Scope[]; match?: string[] }>

/** A server with these tokens, and headers that present them. */
async function start(t: Test, { given, policy = 'read', ...options }: { given: Given; policy?: Policy } & TarballOptions) {
  const path = join(temporaryDirectory(t), 'tokens')
  const secrets = Object.fromEntries(Object.keys(given).map((name) => [name, newToken()]))
  const records = Object.entries(given).map(([name, { scopes, match = null }]) => {
    return { name, sha256: hashOfToken(secrets[name]!), scopes, match, expires: null, created: '' }
  })
  await writeTokenFile(path, records)
  const audited: RefusedAttempt[] = []
  const server = await startWithTarballs(t, {
    ...options,
    policy,
    authenticate: createAuthenticate({ tokens: openTokens({ path, onProblem: t.fail }), now: Date.now }),
    audit: (attempt) => audited.push(attempt)
  })
  const as = (name: string) => ({ authorization: `Basic ${Buffer.from(`any:${secrets[name]}`).toString('base64')}` })
  return { ...server, audited, secrets, as }
}

const form = (fields: Record<string, string>) => ({
  method: 'POST' as const,
  url: '/api/v0.1/container/add',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  payload: new URLSearchParams({ version: '1', digest: 'd', url: 's3://b/x.tar', ...fields }).toString()
})

t.test('each face refuses in its own form, with what to do', async (t) => {
  const { app } = await start(t, { given: { reader: { scopes: ['read'] } } })

  const mozart = await app.inject(form({ name: 'hello:1' }))
  const api = await app.inject({ method: 'DELETE', url: '/api/v1/containers/hello:1' })
  const dav = await app.inject({ method: 'PUT', url: '/storage/x.tar', payload: 'bytes' })

  for (const reply of [mozart, api, dav]) t.match(reply, { statusCode: 401, headers: { 'www-authenticate': 'Basic realm="leporello"' } })
  t.match(mozart.json(), { success: false, message: /^container:write needs a token with the scope "register".*~\/\.netrc/, result: null })
  t.match(api.json(), { code: 'unauthenticated', status: 401, type: 'urn:leporello:problem:unauthenticated', detail: /scope "delete"/ })
  t.match(api.headers['content-type'], 'application/problem+json')
  t.match(dav.body, /^object:write needs a token/)
})

t.test('the history names who changed something', async (t) => {
  const { app, as } = await start(t, { given: { ci: { scopes: ['register'] } } })
  const add = form({ name: 'hello:1' })

  const added = await app.inject({ ...add, headers: { ...add.headers, ...as('ci') } })
  const history = await app.inject('/api/v1/containers/hello:1/history')

  t.equal(added.statusCode, 200)
  t.match(history.json().items, [{ by: { identity: 'token:ci', face: 'mozart' } }])
})

t.test('a refused attempt is told for the log, without secrets', async (t) => {
  const { app, as, audited, secrets } = await start(t, { given: { ci: { scopes: ['register'], match: ['hello*'] } } })
  const add = form({ name: 'other:1' })

  await app.inject({ ...add, headers: { ...add.headers, ...as('ci'), 'x-request-id': 'mine' } })
  await app.inject({ method: 'DELETE', url: '/api/v1/containers/hello:1', headers: { authorization: `Bearer ${newToken()}` } })

  t.match(audited, [
    { request: 'mine', address: '127.0.0.1', identity: 'token:ci', action: 'container:write', code: 'forbidden', reason: /"other:1"/ },
    { identity: 'anonymous', action: 'container:delete', code: 'unauthenticated', reason: /unknown, or was revoked/ }
  ])
  t.notMatch(JSON.stringify(audited), secrets['ci'])
})

t.test('patterns hold for each item of a batch, and for what a rule bundles', async (t) => {
  const given = { ci: { scopes: ['register' as const], match: ['hello*', 'part-arm64:*'] } }
  const bundledInto = (id: string) => (id === 'part-arm64:1' ? 'part:1' : undefined)
  const { app, as, stores } = await start(t, { given, bundledInto })
  const put = (id: string) => ({ id, op: 'put-image', architecture: 'arm64', url: 's3://b/x.tar', version: '1', digest: 'd' })
  const batch = async (atomic: boolean, ...items: object[]) =>
    app.inject({ method: 'POST', url: '/api/v1/batch', headers: as('ci'), payload: { atomic, items } })

  t.equal((await batch(true, put('hello:1'), put('other:1'))).statusCode, 403)
  t.equal(await stores.containers.get('hello:1'), undefined, 'all or none')
  const each = await batch(false, put('hello:1'), put('other:1'), { id: 'hello:1', op: 'delete' })
  t.match(each.json().results, [{ status: 201 }, { status: 403, problem: { code: 'forbidden' } }, { status: 403 }])
  t.equal(await stores.containers.get('other:1'), undefined)
  const bundled = form({ name: 'part-arm64:1' })
  t.match((await app.inject({ ...bundled, headers: { ...bundled.headers, ...as('ci') } })).json(), { message: /"part:1" matches none/ })
  t.equal(await stores.containers.get('part-arm64:1'), undefined)
})

t.test('taking an image away by a patch needs the scope that taking it away needs', async (t) => {
  const { app, as } = await start(t, { given: { ci: { scopes: ['register'] }, remover: { scopes: ['register', 'delete'] } } })
  const patch = async (name: string, images: object) =>
    (await app.inject({ method: 'PATCH', url: '/api/v1/containers/hello:1', headers: as(name), payload: { images } })).statusCode
  const payload = { version: '1', digest: 'd', images: { amd64: 's3://b/x.tar', arm64: 's3://b/y.tar' } }
  await app.inject({ method: 'PUT', url: '/api/v1/containers/hello:1', headers: as('ci'), payload })

  t.equal(await patch('ci', { arm64: null }), 403)
  t.equal(await patch('ci', { arm64: 's3://b/z.tar' }), 200)
  t.equal(await patch('remover', { arm64: null }), 200)
})

t.test('an upload in pieces is for whom its container is', async (t) => {
  const { app, as } = await start(t, {
    given: { ci: { scopes: ['register'], match: ['hello*'] }, other: { scopes: ['register'], match: ['other*'] } }
  })
  const tus = { 'tus-resumable': '1.0.0' }
  const create = { 'upload-length': '9', 'upload-metadata': `id ${btoa('hello:1')},version ${btoa('1')}` }
  const created = (name: string) => app.inject({ method: 'POST', url: '/api/v1/uploads', headers: { ...tus, ...create, ...as(name) } })

  t.equal((await created('other')).statusCode, 403)
  const { location } = (await created('ci')).headers
  const to = (method: 'HEAD' | 'DELETE', name: string) => app.inject({ method, url: String(location), headers: { ...tus, ...as(name) } })

  t.equal((await to('HEAD', 'other')).statusCode, 403, 'which would cut off a piece that is arriving')
  t.equal((await to('DELETE', 'other')).statusCode, 403)
  t.equal((await to('HEAD', 'ci')).statusCode, 200)
  t.equal((await to('DELETE', 'ci')).statusCode, 204)
})

t.test('a folder above a permitted path may be made, and no other', async (t) => {
  const { app, as } = await start(t, { given: { ci: { scopes: ['register'], match: ['/storage/a/b/*'] } } })
  const status = async (method: 'MKCOL' | 'PUT' | 'DELETE', url: string) =>
    (await app.inject({ method: method as 'PUT', url, headers: as('ci'), ...(method === 'PUT' && { payload: 'x' }) })).statusCode

  for (const folder of ['/storage/a', '/storage/a/b/', '/storage/a/b/c']) t.equal(await status('MKCOL', folder), 201, folder)
  for (const folder of ['/storage/b', '/storage/a/c/', '/storage/ab']) t.equal(await status('MKCOL', folder), 403, folder)
  t.equal(await status('PUT', '/storage/a/b/x.tar'), 201)
  t.equal(await status('PUT', '/storage/a/x.tar'), 403)
  t.equal(await status('PUT', '/storage/a/b/../x.tar'), 403)
})

t.test('the old Mozart gets what is permitted, and no token of ours', async (t) => {
  const old = createServer((request, reply) => reply.end(JSON.stringify({ authorization: request.headers.authorization ?? null })))
  await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    old.closeAllConnections()
    old.close()
  })
  const legacyMozartUrl = `http://127.0.0.1:${(old.address() as AddressInfo).port}`
  const { url, as } = await start(t, { given: { boss: { scopes: ['admin'] } }, legacyMozartUrl, listen: true })
  const ask = (method: string, headers: Record<string, string> = {}) => fetch(`${url}/job/submit`, { method, headers })

  const refused = await ask('POST')
  t.equal(refused.status, 401)
  t.match(await refused.json(), { success: false, message: /legacy:write needs a token with the scope "admin"/, result: null })
  t.strictSame(await (await ask('GET')).json(), { authorization: null })
  t.strictSame(await (await ask('POST', as('boss'))).json(), { authorization: null })
  t.strictSame(await (await ask('GET', { authorization: 'Basic b3BzOnNlY3JldA==' })).json(), { authorization: 'Basic b3BzOnNlY3JldA==' })
})

t.test('a token that is not valid is refused where none would be needed, but not by health probes', async (t) => {
  const { app } = await start(t, { given: { ci: { scopes: ['read'] } } })
  const headers = { authorization: `Bearer ${newToken()}` }

  t.equal((await app.inject({ url: '/container/list', headers })).statusCode, 401)
  t.equal((await app.inject({ url: '/unavailable/x/arm64', headers })).statusCode, 404)
  t.match((await app.inject({ url: '/api/v1/access', headers })).json(), { identity: null, rejected: /unknown/, scopes: ['read'] })
})
