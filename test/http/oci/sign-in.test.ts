import t from 'tap'
import type { Authenticate } from '../../../src/access/authentication.ts'
import { anonymous } from '../../../src/domain/policy.ts'
import { digestOfBytes, ociPusher } from '../../support/oci.ts'
import { startWithTarballs } from '../../support/tarballs.ts'

/** One token, which may push into `hysds/` only. */
const authenticate: Authenticate = async ({ headers }) => {
  const secret = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
  if (secret === 'lep_good') return { identity: { kind: 'token', name: 'ci', scopes: ['register', 'delete'], match: ['hysds/*'] } }
  return secret === undefined || secret === 'anonymous'
    ? { identity: anonymous }
    : { identity: anonymous, rejected: { reason: 'the token is unknown', waitMs: 0 } }
}

const basic = (password: string) => ({ authorization: `Basic ${Buffer.from(`ci:${password}`).toString('base64')}` })
const host = { host: 'registry.example.org:8888' }

t.test('while everything is open, nobody is asked to sign in', async (t) => {
  const { app } = await startWithTarballs(t)
  t.equal((await app.inject('/v2/')).statusCode, 200)
})

t.test('where anonymous may only read, a client is sent for a token, and anonymous gets one as well', async (t) => {
  const { app } = await startWithTarballs(t, { policy: 'read', authenticate, publicUrl: `http://${host.host}` })
  const first = await app.inject({ url: '/v2/', headers: host })
  t.equal(first.statusCode, 401)
  t.equal(first.headers['www-authenticate'], 'Bearer realm="http://registry.example.org:8888/v2/token",service="registry.example.org:8888"')
  t.match(first.json(), { errors: [{ code: 'UNAUTHORIZED' }] })

  const { token } = (await app.inject('/v2/token?service=any&scope=repository:hysds/hello:pull')).json()
  const bearer = { authorization: `Bearer ${token}` }
  t.equal((await app.inject({ url: '/v2/', headers: bearer })).statusCode, 200)
  t.equal((await app.inject({ url: '/v2/hysds/hello/manifests/v1', headers: bearer })).statusCode, 404, 'it may look')
  const refused = await app.inject({ method: 'POST', url: '/v2/hysds/hello/blobs/uploads/', headers: { ...bearer, ...host } })
  t.equal(refused.statusCode, 401)
  t.match(refused.headers['www-authenticate'], /scope="repository:hysds\/hello:pull,push"$/)
})

t.test('who has a token may do what it permits', async (t) => {
  const { app } = await startWithTarballs(t, { host: '0.0.0.0', policy: 'read', authenticate })
  const { token } = (await app.inject({ url: '/v2/token', headers: basic('lep_good') })).json()
  const signed = {
    inject: (options: object) =>
      app.inject({ ...options, headers: { ...(options as { headers?: object }).headers, authorization: `Bearer ${token}` } })
  }
  const push = ociPusher(signed as never)

  t.equal((await push.image('hysds/hello', 'v1')).reply.statusCode, 201)
  const other = await push.image('other/hello', 'v1')
  t.equal(other.reply.statusCode, 403)
  t.match(other.reply.json(), { errors: [{ code: 'DENIED', message: /hysds/ }] })
  t.equal((await app.inject(`/v2/other/hello/manifests/${digestOfBytes(other.manifest)}`)).statusCode, 404, 'nothing was stored')
  t.equal((await push.send('DELETE', 'hysds/hello/manifests/v1')).statusCode, 202)
})

t.test('a wrong token is refused when it is used, so that a login fails', async (t) => {
  const { app } = await startWithTarballs(t, { host: '0.0.0.0', policy: 'read', authenticate })
  const { token } = (await app.inject({ url: '/v2/token', headers: basic('lep_bad') })).json()
  t.equal((await app.inject({ url: '/v2/', headers: { authorization: `Bearer ${token}` } })).statusCode, 401)
  for (const password of ['', 'a password']) t.equal((await app.inject({ url: '/v2/token', headers: basic(password) })).statusCode, 401)
})
