import t from 'tap'
import { startServer } from '../../support/start-server.ts'

t.test('job specs and hysds-ios are answered in the words of their kind and version', async (t) => {
  const { app } = await startServer(t)
  const spec = (id: string) => `spec=${encodeURIComponent(JSON.stringify({ id }))}`
  const dialogue: [method: 'GET' | 'POST' | 'DELETE', url: string, status: number, body: string][] = [
    [
      'POST',
      `/api/v0.1/job_spec/add?${spec('j:1')}`,
      200,
      '{"success": true, "message": "job_spec j:1 added to index hysds_ios-mozart", "result": "j:1"}'
    ],
    ['GET', '/api/v0.1/job_spec/type?id=j:1', 200, '{"success": true, "message": "job spec for j:1", "result": {"id": "j:1"}}'],
    ['GET', '/api/v0.2/job_spec?id=none', 404, '{"success": false, "message": "Failed to retrieve job_spec: none", "result": null}'],
    ['GET', '/job_spec/type', 400, '{"success": false, "message": "missing parameter: id", "result": null}'],
    ['POST', '/job_spec', 400, '{"success": false, "message": "spec object missing", "result": null}'],
    ['GET', '/api/v0.1/job_spec/remove?id=j:1', 200, '{"success": true, "message": "job spec removed: j:1"}'],
    ['GET', '/api/v0.1/job_spec/remove?id=j:1', 404, '{"success": false, "message": "job_spec not found: j:1"}'],
    ['DELETE', '/api/v0.2/job_spec', 400, '{"success": false, "message": "id parameter not included", "result": null}'],
    [
      'POST',
      `/api/v0.2/job_spec?${spec('j:2')}`,
      200,
      '{"success": true, "message": "job_spec j:2 added to index hysds_ios-mozart", "result": "j:2"}'
    ],
    ['DELETE', '/api/v0.2/job_spec?id=j:2', 200, '{"success": true, "message": "", "result": null}'],
    [
      'POST',
      `/api/v0.2/hysds_io?${spec('h:1')}`,
      200,
      '{"success": true, "message": "h:1 added to index hysds_ios-mozart", "result": "h:1"}'
    ],
    ['GET', '/api/v0.1/hysds_io/type?id=h:1', 200, '{"success": true, "message": "", "result": {"id": "h:1"}}'],
    ['GET', '/api/v0.1/hysds_io/type?id=none', 404, '{"success": false, "message": "hysds io not found: none", "result": null}'],
    ['GET', '/api/v0.2/hysds_io?id=none', 404, '{"success": false, "message": "", "result": null}'],
    ['DELETE', '/api/v0.2/hysds_io?id=none', 404, '{"success": false, "message": "hysds io not found: none", "result": null}'],
    ['DELETE', '/api/v0.2/hysds_io?id=h:1', 200, '{"success": true, "message": "deleted hysds_io: h:1", "result": null}'],
    [
      'POST',
      '/api/v0.1/hysds_io/add?spec=',
      400,
      '{"success": false, "message": "Expecting value: line 1 column 1 (char 0)", "result": null}'
    ],
    ['POST', '/api/v0.1/hysds_io/add', 400, '{"success": false, "message": "spec object missing", "result": null}']
  ]

  for (const [method, url, status, body] of dialogue) {
    const reply = await app.inject({ method, url })

    t.equal(reply.statusCode, status, `${method} ${url}`)
    t.equal(reply.body, `${body}\n`)
  }
})

t.test('a specification of 8 MiB passes, percent-encoded', async (t) => {
  const { app } = await startServer(t)
  const big = `{"id": "big", "text": "${'é'.repeat(4 * 1024 * 1024 - 100)}"}`

  const added = await app.inject({
    method: 'POST',
    url: '/api/v0.1/job_spec/add',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: `spec=${encodeURIComponent(big)}`
  })
  const { statusCode, body } = await app.inject('/api/v0.1/job_spec/type?id=big')

  t.equal(added.json().result, 'big')
  t.equal(statusCode, 200)
  t.equal(JSON.parse(body).result.text.length, 4 * 1024 * 1024 - 100)
})

t.test('a specification with more values than are read is refused, however few bytes it has', async (t) => {
  const { app } = await startServer(t)
  const payload = new URLSearchParams({ spec: `{"id": "many", "a": [${'{},'.repeat(100_000)}{}]}` }).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }

  const reply = await app.inject({ method: 'POST', url: '/api/v0.1/job_spec/add', headers, payload })

  t.equal(reply.statusCode, 400)
  t.match(reply.json(), { success: false, message: 'the specification has more than 100000 values, the most that is read' })
})
