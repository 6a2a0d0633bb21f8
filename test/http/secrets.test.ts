import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { anonymous } from '../../src/domain/policy.ts'
import { listenTo } from '../support/event-stream.ts'
import { logLines } from '../support/log-lines.ts'
import { operatorOptions } from '../support/operator-options.ts'
import { secretUrls, theSecret } from '../support/secret-urls.ts'
import { openStores } from '../support/start-server.ts'
import { startWithTarballs, type WithTarballs } from '../support/tarballs.ts'

/** The answers by which workers pull: the document itself, and the image that a machine gets. */
const toPullBy = [
  /^\/api\/v0\.1\/container(\/(info|resolve))?$/,
  /^\/containers\/_doc\//,
  /^\/api\/v1\/containers\/[^/]+\/resolve$/,
  /^\/api\/v1\/containers\/[^/]+\/images\/[^/]+\/download$/
]

interface Described {
  paths: Record<string, { get?: { parameters?: { in: string; name: string }[] } }>
}
const { paths } = parse(readFileSync('openapi.yaml', 'utf8')) as Described
/** Every path that can be read, with the parameters of its query; the stream of events, which never ends, is read below; Mozart removes by GET. */
const readable = Object.entries(paths).flatMap(([path, { get }]) =>
  get && path !== '/api/v1/events' && !path.endsWith('/remove')
    ? [{ path, names: (get.parameters ?? []).filter((one) => one.in === 'query').map(({ name }) => name) }]
    : []
)

const architectures = ['amd64', 'arm64', 'riscv64', 'ppc64le', 's390x', 'arm/v7', '386', 'arm/v6']
const groups = Array.from({ length: Math.ceil(secretUrls.length / architectures.length) }, (_, i) =>
  secretUrls.slice(i * architectures.length, (i + 1) * architectures.length).map(({ url }) => url)
)
const id = (place: number) => `secret:${place}`

async function registered(t: Test): Promise<WithTarballs & { log: ReturnType<typeof logLines>; seen: string[] }> {
  const stores = await openStores(t)
  const log = logLines()
  const server = await startWithTarballs(t, { stores, report: log.report, operator: operatorOptions(stores), listen: true })
  const seen: string[] = []
  const post = (url: string, payload: object) => server.app.inject({ method: 'POST', url, payload })
  const put = (url: string, payload: object) => server.app.inject({ method: 'PUT', url, payload })
  for (const [place, urls] of groups.entries()) {
    const path = `/api/v1/containers/${id(place)}`
    const images = Object.fromEntries(urls.map((url, i) => [architectures[i]!, url]))
    const [first] = urls as [string]
    const answers = [
      await post('/api/v0.1/container/add', { name: id(place), version: '1', digest: 'd', url: first, urls: { ...images, amd64: first } }),
      await put(path, { url: first, images: Object.fromEntries(urls.map((url, i) => [architectures[i]!, `${url}0`])) }),
      await server.app.inject({ method: 'PATCH', url: path, payload: { images } }),
      await post('/api/v1/batch', {
        items: urls.map((url) => ({ op: 'put-image', id: id(place), architecture: 'loong64', url })),
        atomic: false
      }),
      await put(`${path}/images/mips64le`, { url: urls.at(-1) }),
      await put(`${path}/images/mips64le`, { url: first, foo: first }),
      await post(`${path}/images/arm64/verify`, {})
    ]
    for (const url of urls) answers.push(await put(`${path}/builds/arm64`, { status: 'failed', reason: `push to ${url} failed`, log: url }))
    for (const { statusCode, body } of answers) seen.push(`${statusCode} ${body}`)
  }
  return { ...server, log, seen }
}

t.test('a secret in a registered URL is in no answer but those by which workers pull, and never in the log', async (t) => {
  const { app, url, log, seen } = await registered(t)
  let requests = seen.length
  let given = 0
  for (const answer of seen) t.notMatch(answer, theSecret)

  for (const place of groups.keys()) {
    const { items } = (await app.inject(`/api/v1/containers/${id(place)}/history`)).json()
    requests++
    const values: Record<string, string> = {
      ...{ id: id(place), architecture: 'arm64', arch: 'arm64', revision: items[0].revision, timeout: '0' },
      ...{ from: items.at(-1).revision, to: 'current' }
    }
    // what is about one container is asked for each, the rest once
    for (const { path, names } of readable.filter((one) => place === 0 || /\{id\}|container/.test(one.path))) {
      const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? '')).replace('{*}', '')
      const query = names.flatMap((name) => (values[name] === undefined || name === 'architecture' ? [] : [[name, values[name]]]))
      for (const target of [`${filled}?${new URLSearchParams(query)}`]) {
        const { statusCode, body, headers } = await app.inject(target)
        requests++
        t.not(statusCode, 500, target)
        const all = `${body}${JSON.stringify(headers)}`
        if (toPullBy.some((one) => one.test(filled))) given += all.includes(theSecret) ? 1 : 0
        else t.notMatch(all, theSecret, target)
      }
    }
  }
  const listener = await listenTo(`${url}/api/v1/events?since=2020-01-01T00:00:00Z`)
  await listener.came(groups.length * 4)
  listener.close()

  t.notMatch(listener.text(), theSecret, 'events')
  t.ok(given >= groups.length * 5, `workers get it: ${given}`)
  t.notMatch(JSON.stringify(await log.atLeast(requests)), theSecret, 'the log')
  t.comment(`${secretUrls.length} kinds of secrets, ${requests} answers`)
})

t.test('who may register any container reads the secrets; others with a token do not', async (t) => {
  const { app } = await startWithTarballs(t, {
    authenticate: ({ headers }) => ({
      identity: headers['x-test'] ? { kind: 'token', name: 'ci', ...JSON.parse(String(headers['x-test'])) } : anonymous
    })
  })
  await app.inject({
    method: 'PUT',
    url: '/api/v1/containers/a:1',
    payload: { digest: 'd', images: { amd64: 's3://user:hunter2@host/x' } }
  })
  const table: [object | undefined, boolean][] = [
    [undefined, false],
    [{ scopes: ['read'] }, false],
    [{ scopes: ['delete'] }, false],
    [{ scopes: ['register'], match: ['b:*'] }, false],
    [{ scopes: ['register'] }, true],
    [{ scopes: ['admin'] }, true]
  ]

  for (const [identity, sees] of table) {
    const headers = identity && { 'x-test': JSON.stringify(identity) }
    const reply = await app.inject({ url: '/api/v1/containers/a:1', ...(headers && { headers }) })
    t.equal(reply.json().images.amd64.url, sees ? 's3://user:hunter2@host/x' : 's3://***@host/x', JSON.stringify(identity))
  }
})

t.test('credentials for this server never enter a record, and the answer says so', async (t) => {
  const { app, catalogue } = await startWithTarballs(t)
  const url = 'http://ci:hunter2@127.0.0.1:0/storage/a.tar.gz'
  const post = (path: string, payload: object) => app.inject({ method: 'POST', url: path, payload })
  const put = (path: string, payload: object) => app.inject({ method: 'PUT', url: path, payload })
  const registration = { name: 'own:1', version: '1', digest: 'd', url, urls: { x86_64: url, aarch64: url } }
  const path = '/api/v1/containers/own:1'
  const answers = [
    await post('/api/v0.1/container/add', registration),
    await post('/api/v0.2/container', { ...registration, url: '', merge: 'true' }),
    await put(path, { version: '2', digest: 'd', url, images: { amd64: { url }, riscv64: url } }),
    await put(`${path}/images/arm64`, { url }),
    await app.inject({ method: 'PATCH', url: path, payload: { images: { ppc64le: url } } }),
    await post('/api/v1/batch', { items: [{ op: 'put-image', id: 'own:1', architecture: 's390x', url }] }),
    await post('/api/v1/batch', { atomic: false, items: [{ op: 'put-image', id: 'own:1', architecture: '386', url }] })
  ]

  for (const { statusCode, body } of answers) {
    t.ok(statusCode < 300, body)
    t.match(JSON.parse(body).warnings, [{ code: 'credentials_removed', message: /held credentials for this server/ }])
    t.notMatch(body, theSecret)
  }
  const document = (await catalogue.containers.info('own:1'))!
  t.notMatch(document, theSecret)
  t.match(document, /"386\\": \\"http:\/\/127\.0\.0\.1:0\/storage\/a\.tar\.gz/)
  const { body } = await post('/api/v0.1/container/add', { ...registration, url: 's3://b/x', urls: '' })
  t.notMatch(body, 'warnings', 'an answer without a warning is that of Mozart')
})

t.test('a masked URL that is sent back, or one with control characters, is refused and changes nothing', async (t) => {
  const { app, catalogue } = await startWithTarballs(t)
  const path = '/api/v1/containers/back:1'
  const url = 's3://user:hunter2@host/x'
  await app.inject({ method: 'PUT', url: path, payload: { digest: 'd', images: { amd64: url, arm64: url } } })
  const before = await catalogue.containers.info('back:1')
  const view = (await app.inject(path)).json()
  t.equal(view.images.arm64.url, 's3://***@host/x')

  for (const wrong of [view.images.arm64.url, 's3://host/\nx', 's3://host/\u0000']) {
    const form = { name: 'back:1', version: '2', digest: 'e', url: wrong, urls: { arm64: wrong } }
    for (const [method, where, payload] of [
      ['PUT', path, { digest: 'd', images: { amd64: wrong, arm64: wrong } }],
      ['PATCH', path, { images: { arm64: wrong } }],
      ['PUT', `${path}/images/arm64`, { url: wrong }],
      ['POST', '/api/v1/batch', { items: [{ op: 'put', id: 'back:1', container: { url: wrong } }] }],
      ['POST', '/api/v0.1/container/add', form],
      ['POST', '/api/v0.1/container/add', { ...form, merge: 'true' }]
    ] as const) {
      const { statusCode, body } = await app.inject({ method, url: where, payload })
      t.equal(statusCode, 400, body)
      t.match(body, /masked with \*\*\*|control character U\+00/)
      t.notMatch(body, /[\n\0](?!$)/)
    }
  }
  t.equal(await catalogue.containers.info('back:1'), before)
})

t.test('a record of another program with control characters in a URL is answered with words, and can be mended', async (t) => {
  const { app, stores } = await startWithTarballs(t)
  const bad = 'http://host/a\nb.tar'
  const [id, path] = ['old:1', '/api/v1/containers/old:1']
  await stores.containers.put(
    id,
    JSON.stringify({ id, version: '1', digest: 'd', url: bad, urls: JSON.stringify({ x86_64: bad, aarch64: bad }) })
  )

  const { statusCode, body } = await app.inject(`${path}/images/arm64/download`)
  t.equal(statusCode, 502)
  t.match(JSON.parse(body), { code: 'record_damaged', detail: /^the record old:1 gives the image for arm64 a URL with control characters/ })
  t.match(await app.inject({ method: 'PUT', url: `${path}/images/arm64`, payload: { url: 'http://h\u00f6st/\u2192 b.tar' } }), {
    statusCode: 200
  })
  const { headers } = await app.inject(`${path}/images/arm64/download`)
  t.equal(headers.location, 'http://h%C3%B6st/%E2%86%92%20b.tar')
})

t.test('what is made of the words of the request alone is not damaged by masks', async (t) => {
  const { app } = await startWithTarballs(t)
  const template = 'password: "{{ tag }}"\nurl: https://user:hunter2@host/x?token=hunter2\n'
  const headers = { 'content-type': 'application/yaml' }
  const filled = await app.inject({ method: 'POST', url: '/api/v1/image-list/render?tag=1', headers, payload: template })
  const job = { image: 'builder:1', command: ['build', '--token=hunter2', 'https://user:hunter2@host/x'] }
  const payload = { container: 'a:1', sources: { arm64: { repository: 'https://hunter2@host/r.git' } }, job }
  const plan = await app.inject({ method: 'POST', url: '/api/v1/plan?format=kubernetes', payload })

  t.match(filled.body, 'https://user:hunter2@host/x?token=hunter2')
  t.strictSame(plan.json().items?.[0].spec.template.spec.containers[0].command, job.command, plan.body)
})
