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
