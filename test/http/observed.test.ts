import { connect } from 'node:net'
import t from 'tap'
import { logLines } from '../support/log-lines.ts'
import { operatorOptions } from '../support/operator-options.ts'
import { openStores, startServer } from '../support/start-server.ts'

t.test('a request is one line: id, method, path without query, status, time, bytes, and the container', async (t) => {
  const { report, atLeast } = logLines()
  const { app } = await startServer(t, { report })

  await app.inject({ url: '/api/v0.1/container/info?id=hello%3A1&token=swordfish', headers: { 'x-request-id': 'mine-1' } })

  const [line, ...others] = await atLeast(1)
  t.match(line, {
    level: 'info',
    time: /^\d{4}-/,
    request: 'mine-1',
    method: 'GET',
    path: '/api/v0.1/container/info',
    status: 404,
    ms: Number,
    bytes: 50
  })
  t.equal(line!['id'], 'hello:1')
  t.strictSame(others, [])
  t.notMatch(JSON.stringify(line), /swordfish/)
})

t.test('a form, a path parameter, an unknown path and one that cannot be decoded are logged as well', async (t) => {
  const { report, atLeast } = logLines()
  const stores = await openStores(t)
  const { app } = await startServer(t, { report, stores, operator: operatorOptions(stores) })

  await app.inject({
    method: 'POST',
    url: '/container/add',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: 'name=a%3A1&version=1&digest=d&url=u'
  })
  await app.inject('/containers/_doc/b%3A1')
  await app.inject('/nobody/knows')
  await app.inject('/containers/_doc/%ff')

  const lines = await atLeast(4)
  t.strictSame(
    lines.map(({ status, id }) => [status, id]),
    [
      [200, 'a:1'],
      [404, 'b:1'],
      [404, undefined],
      [404, undefined]
    ]
  )
})

t.test('a secret in a path is masked', async (t) => {
  const { report, atLeast } = logLines()
  const { app } = await startServer(t, { report })

  await app.inject('/x/s3://key:swordfish@host/bucket')

  t.notMatch(JSON.stringify(await atLeast(1)), /swordfish/)
})

t.test('a client that goes away before its answer leaves a line that says so', async (t) => {
  const { report, atLeast } = logLines()
  const stores = await openStores(t)
  let release = () => {}
  const reached = new Promise<void>((arrived) => {
    const { get } = stores.containers
    stores.containers = {
      ...stores.containers,
      async get(id) {
        arrived()
        await new Promise<void>((resolve) => {
          release = resolve
        })
        return get(id)
      }
    }
  })
  const { url } = await startServer(t, { report, stores, listen: true })

  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.write('GET /container/info?id=slow HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await reached
  socket.destroy()

  const [line] = await atLeast(1)
  t.match(line, { path: '/container/info', aborted: true })
  release()
})

t.test('a refusal by the store is logged with what caused it, outermost first', async (t) => {
  const { report, atLeast } = logLines()
  const stores = await openStores(t)
  const cause = new Error('connect ECONNREFUSED http://elastic:swordfish@engine:9200')
  const get = () => Promise.reject(new Error('the store broke', { cause }))
  const { app } = await startServer(t, { report, stores: { ...stores, containers: { ...stores.containers, get } } })

  await app.inject('/container/info?id=x')

  const [line] = await atLeast(1)
  t.match(line, { level: 'error', causes: [{ message: 'the store broke' }, { message: 'connect ECONNREFUSED http://***@engine:9200' }] })
  t.notMatch(JSON.stringify(line), /swordfish/)
})

t.test('requests are counted by face, route, method and status', async (t) => {
  const { report, metrics, atLeast } = logLines()
  const stores = await openStores(t)
  const { app } = await startServer(t, { report, stores, operator: operatorOptions(stores) })

  await app.inject('/container/info?id=x')
  await app.inject('/health/live')
  await app.inject('/any/path/at/all')
  await atLeast(3)

  const { body } = await metrics.read()
  for (const labels of [
    'face="mozart",route="/container/info",method="GET",status="404"',
    'face="operator",route="/health/live",method="GET",status="200"',
    'face="mozart",route="unmatched",method="GET",status="404"'
  ]) {
    t.match(body, `leporello_http_request_duration_seconds_count{${labels}} 1`)
  }
})

t.test('an id as large as a body does not make a line as large', async (t) => {
  const { report, atLeast } = logLines()
  const { app } = await startServer(t, { report })

  await app.inject({
    method: 'DELETE',
    url: '/container',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: `id=${'://a:b'.repeat(150_000)}`
  })

  const [line] = await atLeast(1)
  t.equal(String(line!['id']).length, 512)
})
