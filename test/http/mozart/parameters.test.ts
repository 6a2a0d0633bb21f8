import t, { type Test } from 'tap'
import { startServer } from '../../support/start-server.ts'

const form = { 'content-type': 'application/x-www-form-urlencoded' }
const json = { 'content-type': 'application/json' }
const complete = 'name=hello:1&version=v1&digest=d&url=s3://b/hello.tar.gz'
const words = 'Parameters (name, url, version, digest) must be supplied'

async function adding(t: Test) {
  const { app } = await startServer(t)
  return async (query: string, headers: Record<string, string> = {}, payload?: string | Buffer) => {
    const reply = await app.inject({ method: 'POST', url: `/container/add?${query}`, headers, ...(payload && { payload }) })
    return reply.json() as { message: string; result: string | null }
  }
}

t.test('a form goes before the query, field by field', async (t) => {
  const add = await adding(t)

  t.equal((await add('url=s3://b/x&digest=d&name=loser', form, 'name=winner&version=v1')).result, 'winner')
  t.equal((await add(complete, { 'content-type': 'Application/X-WWW-form-urlencoded; charset=UTF-8' }, 'name=typed')).result, 'typed')
})

t.test('an empty form value hides the value in the query', async (t) => {
  const add = await adding(t)

  t.equal((await add(complete, form, 'name=')).message, words)
})

t.test('only a form is a form: other types, none at all and nonsense are ignored as Mozart ignores them', async (t) => {
  const add = await adding(t)

  for (const headers of [{ 'content-type': 'text/plain' }, { 'content-type': 'nonsense' }, { 'content-type': '' }, {}]) {
    t.equal((await add('', headers, complete)).message, words)
    t.equal((await add(complete, headers, 'name=other')).result, 'hello:1')
  }
})

const part = (name: string, value: string, more = '') => `--x\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`
const multipart = { 'content-type': 'multipart/form-data; boundary=x' }

t.test('a multipart form is read, and a part with a file name is no field', async (t) => {
  const add = await adding(t)

  const fields = `${part('name', ' a+b%20é ')}${part('name', 'second')}${part('version', 'v1', '\r\nContent-Type: application/octet-stream')}--x--\r\n`
  t.equal((await add('url=s3://b/x&digest=d', multipart, fields)).result, ' a+b%20é ')
  t.equal((await add('url=s3://b/x&digest=d&version=v1', multipart, `${part('name', 'x', '; filename="x"')}--x--\r\n`)).message, words)
})

t.test('a multipart body that is cut off, has too many parts or no boundary is refused, not half read', async (t) => {
  const add = await adding(t)

  t.match((await add('', multipart, part('name', 'x'))).message, /^the multipart body cannot be read: /)
  t.match((await add('', multipart, `${part('a', 'x').repeat(300)}--x--\r\n`)).message, /more than 200 parts/)
  t.equal((await add('', { 'content-type': 'multipart/form-data' }, part('name', 'x'))).message, words)
})

t.test('a JSON body gives what the query does not', async (t) => {
  const add = await adding(t)
  const body = JSON.stringify({ name: 'from-json', version: 'v1', digest: 'd', url: 's3://b/x', resource: 5, other: [1] })

  t.equal((await add('', json, body)).result, 'from-json')
  t.equal((await add('', { 'content-type': 'application/vnd.x+json; charset=utf-8' }, body)).result, 'from-json')
  t.equal((await add('name=from-query', json, body)).result, 'from-query')
})

t.test('in a JSON body urls and spec may be JSON itself, null is absent, and another type is named', async (t) => {
  const { app } = await startServer(t)
  const post = (url: string, payload: string) => app.inject({ method: 'POST', url, headers: json, payload })

  await post('/container/add', '{"name": "u:1", "version": "1", "digest": "d", "url": null, "urls": {"amd64": "s3://b/x"}}')
  await post('/job_spec/add', '{"spec": {"id": "job:1", "n": 12345678901234567, "10": 1.0, "9": null}}')
  const number = await post('/container/add', '{"name": 5, "version": "1", "digest": "d", "url": "s3://b/x"}')

  const container = await app.inject('/container/info?id=u:1')
  const spec = await app.inject('/job_spec/type?id=job:1')
  const secret = `s3://AKIAIOSFODNN7EXAMPLE:${'hunter2/'.repeat(5)}@host/x`
  const list = await app.inject({ method: 'POST', url: '/container/add', headers: json, payload: JSON.stringify({ url: [secret] }) })
  t.equal(container.json().result.url, 's3://b/x')
  t.match(spec.body, '"result": {"id": "job:1", "n": 12345678901234567, "10": 1.0, "9": null}}\n')
  t.equal(number.statusCode, 400)
  t.equal(number.json().message, '"name" in the JSON body is 5; expected a string')
  t.equal(list.json().message, '"url" in the JSON body is ["s3://***@host/x"]; expected a string')
})

t.test('a JSON body that cannot be read matters only where the query does not hold all that is needed', async (t) => {
  const add = await adding(t)

  t.equal((await add(complete, json, '{nope')).result, 'hello:1')
  t.equal(
    (await add('', json, '{nope')).message,
    'the JSON body cannot be read: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)'
  )
  t.equal((await add('', json, '["name"]')).message, 'the JSON body is a JSON array; expected an object')
})

t.test('GET and DELETE read forms too, as io-met.py sends them', async (t) => {
  const { app } = await startServer(t, { listen: false })
  await app.inject({ method: 'POST', url: `/container/add?${complete}` })

  const info = await app.inject({ method: 'GET', url: '/api/v0.1/container/info', headers: form, payload: 'id=hello%3A1' })
  const asMultipart = await app.inject({
    method: 'GET',
    url: '/container/info',
    headers: multipart,
    payload: `${part('id', 'hello:1')}--x--\r\n`
  })
  const removed = await app.inject({ method: 'DELETE', url: '/api/v0.2/container', headers: form, payload: 'id=hello%3A1' })

  t.equal(info.json().result.id, 'hello:1')
  t.equal(asMultipart.json().result.id, 'hello:1')
  t.strictSame(removed.json(), { success: true, message: 'job_spec deleted: hello:1', result: 'hello:1' })
})

t.test('a body larger than its route reads is refused in the envelope', async (t) => {
  const { app } = await startServer(t, { bodyLimit: 2 * 1024 * 1024 })
  const post = (url: string, size: number) => app.inject({ method: 'POST', url, headers: form, payload: `spec=${'x'.repeat(size)}` })

  const container = await post('/container/add', 1024 * 1024)
  const spec = await post('/job_spec/add', 1024 * 1024)
  const largeSpec = await post('/job_spec/add', 2 * 1024 * 1024)

  t.match(container.json(), { success: false, message: 'the body is larger than 1048576 bytes, the most that is read here', result: null })
  t.match([container.statusCode, spec.statusCode, largeSpec.statusCode], [413, 400, 413])
})
