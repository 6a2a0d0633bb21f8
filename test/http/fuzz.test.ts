import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { operatorOptions } from '../support/operator-options.ts'
import { type Random, randomFrom } from '../support/random.ts'
import { openStores } from '../support/start-server.ts'
import { startWithTarballs } from '../support/tarballs.ts'

const methods = ['get', 'head', 'put', 'post', 'patch', 'delete', 'options'] as const

interface Operation {
  parameters?: { in: string; name: string }[]
  requestBody?: { content: Record<string, { schema?: { $ref?: string } }> }
}

interface Schema {
  properties?: Record<string, Schema>
  enum?: unknown[]
  examples?: unknown[]
  example?: unknown
}

const description = parse(readFileSync('openapi.yaml', 'utf8')) as {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

/** Every operation but the stream of events, which never ends. */
const operations = Object.entries(description.paths).flatMap(([path, operations]) =>
  Object.entries(operations)
    .filter(([method]) => (methods as readonly string[]).includes(method) && path !== '/api/v1/events')
    .map(([method, operation]) => ({ path, method: method.toUpperCase() as 'GET', operation }))
)

const odd = [
  ...[
    '',
    'x',
    '0',
    '-1',
    '1e999',
    '99999999999999999999',
    'null',
    'true',
    'a:1',
    'arm64',
    '../../etc/passwd',
    '.',
    '..',
    '%',
    '%00',
    '%zz',
    '%c0%ae'
  ],
  ...[
    'a\u0000b',
    '\u0001',
    '\r\nX: y',
    '\u2028',
    '\ud800',
    '\u202e\u00e9\u{1f600}',
    '__proto__',
    'constructor',
    '*',
    '"',
    "'",
    '\\',
    '{}',
    '[]'
  ],
  ...[
    's3://b/x',
    'http://u:p@h/x',
    'http://***@h/x',
    '9'.repeat(600),
    'a'.repeat(2000),
    '/'.repeat(50),
    '"0-0-0"',
    'sha256:0',
    'sha-256=:AAAA:',
    'bytes=5-1,,'
  ]
]

const types = [
  ...[
    'application/json',
    'application/json',
    'application/merge-patch+json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=b'
  ],
  ...[
    'multipart/form-data',
    'application/gzip',
    'application/offset+octet-stream',
    'text/plain',
    'application/json; charset=utf-16',
    'nonsense',
    ';',
    'a/b;c'
  ]
]

const headerNames = [
  ...[
    'if-match',
    'if-none-match',
    'if-modified-since',
    'range',
    'accept',
    'content-digest',
    'repr-digest',
    'content-range',
    'content-encoding',
    'x-reason'
  ],
  ...[
    'tus-resumable',
    'upload-offset',
    'upload-length',
    'upload-metadata',
    'upload-defer-length',
    'last-event-id',
    'authorization',
    'x-request-id'
  ],
  ...[
    'x-script-name',
    'x-forwarded-prefix',
    'x-forwarded-host',
    'x-scheme',
    'x-http-method-override',
    'depth',
    'x-fields',
    'user-agent',
    'expect',
    '__proto__'
  ]
]

/** A value of JSON, wrong more often than not. */
function oddValue(random: Random, depth = 0): unknown {
  const kind = random.below(depth > 3 ? 5 : 8)
  if (kind < 3) return random.pick(odd)
  if (kind === 3) return random.pick([0, -1, 1e308, 0.1, true, false, null, 2 ** 53])
  if (kind === 4) return random.pick(['open', 'amd64', 's3://b/x', 'patch', 'put-image', 'failed', 'each'])
  const size = random.below(4)
  if (kind === 5) return Array.from({ length: size }, () => oddValue(random, depth + 1))
  return Object.fromEntries(
    Array.from({ length: size }, () => [random.pick(['id', 'url', 'images', 'op', 'items', 'amd64', ...odd]), oddValue(random, depth + 1)])
  )
}

/** A body that its schema nearly describes. */
function nearly(random: Random, ref: string | undefined): unknown {
  const { properties = {} } = description.components.schemas[ref?.split('/').at(-1) ?? ''] ?? {}
  const members = Object.entries(properties).filter(() => random.below(3) > 0)
  return Object.fromEntries(
    members.map(([name, { enum: words, examples, example }]) => {
      const fine = words ? random.pick(words) : (example ?? examples?.[0])
      return [name, fine === undefined || random.below(3) === 0 ? oddValue(random) : fine]
    })
  )
}

function oddBody(random: Random, { requestBody }: Operation): Buffer {
  const schema = Object.values(requestBody?.content ?? {})[0]?.schema?.$ref
  const text = JSON.stringify(random.below(3) === 0 ? oddValue(random) : nearly(random, schema)) ?? ''
  const bytes = Buffer.from(text)
  switch (random.below(9)) {
    case 0:
      return bytes.subarray(0, random.below(bytes.length + 1))
    case 1:
      return Buffer.concat([bytes, Buffer.from([0xff, 0xfe, 0x00, random.below(256)])])
    case 2: {
      if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256)
      return bytes
    }
    case 3:
      return Buffer.from(`{"url":1,"url":${'['.repeat(random.below(3000))}`)
    case 4:
      return Buffer.from(
        [...Array(4)]
          .map(
            () =>
              `${encodeURIComponent(
                random
                  .pick(odd)
                  .toString()
                  .replace(/[\ud800-\udfff]/g, '')
              )}=${random.pick(odd)}`
          )
          .join('&')
      )
    case 5:
      return Buffer.from(
        `--b\r\nContent-Disposition: form-data; name="${random.pick(odd)}"${random.pick(['', '; filename="x"'])}\r\n\r\n${random.pick(odd)}\r\n--b${random.pick(['', '--', '--\r\n'])}`
      )
    default:
      return bytes
  }
}

/** What a header can carry. */
const inHeader = (text: string) => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '')

const lax = (text: string) => {
  try {
    return encodeURIComponent(text)
  } catch {
    return '%ED%A0%80'
  }
}

function oddRequest(random: Random) {
  const { path, method, operation } = random.pick(operations)
  const text = () => (random.below(3) === 0 ? random.pick(['a:1', 'arm64', 'amd64', 'b:2']) : random.pick(odd))
  const filled = path.replace(/\{[\w*]+\}/g, () =>
    random.below(4) === 0 ? random.pick(odd.filter((one) => /^[!-~]*$/.test(one))) : lax(text())
  )
  const names = (operation.parameters ?? []).filter((one) => one.in === 'query').map(({ name }) => name)
  // mostly names that the operation knows, as a strict one looks no further otherwise
  const pairs = Array.from({ length: random.below(names.length > 0 ? 3 : 2) }, () => {
    const name = random.below(6) > 0 && names.length > 0 ? random.pick(names) : random.pick(odd)
    return `${lax(name)}=${lax(text())}`
  })
  if (names.length === 0 && random.below(4) > 0) pairs.pop()
  if (path.endsWith('/wait')) pairs.push('timeout=0')
  const headers: Record<string, string> = {}
  for (let left = random.below(4); left > 0; left--) headers[random.pick(headerNames)] = inHeader(text())
  const payload = method === 'GET' || method === 'HEAD' || method === 'OPTIONS' ? undefined : oddBody(random, operation)
  if (payload) headers['content-type'] = random.pick(types)
  return { method, url: `${filled}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`, headers, ...(payload && { payload }) }
}

const innards = /\n\s+at .*:\d+:\d+|node_modules|\.[jt]s:\d|SQLITE|ENOENT|\/tmp\/|TypeError|is not a function|undefined \(|Cannot read prop/

t.test('whatever is asked, the answer is none of ours to be ashamed of: no 500, valid JSON, no stack, no path', async (t) => {
  const seed = Number(process.env['FUZZ_SEED'] ?? 20261130)
  const [least, most] = [Number(process.env['FUZZ_REQUESTS'] ?? 300), Number(process.env['FUZZ_REQUESTS'] ?? 1500)]
  const stores = await openStores(t)
  const { app } = await startWithTarballs(t, { stores, operator: operatorOptions(stores), onAppendFailed: (error) => t.error(error) })
  for (const id of ['a:1', 'b:2']) {
    await app.inject({
      method: 'PUT',
      url: `/api/v1/containers/${id}`,
      payload: { digest: 'd', images: { amd64: 's3://b/x', arm64: 'http://h/y' } }
    })
  }
  const random = randomFrom(seed)
  const until = Date.now() + 8000
  const statuses = new Map<number, number>()

  let asked = 0
  for (; asked < most && (asked < least || Date.now() < until); asked++) {
    const request = oddRequest(random)
    const { statusCode, headers, body } = await app.inject(request)
    const type = String(headers['content-type'] ?? '')
    const fault = faultOf({ statusCode, type, body })
    statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1)
    if (fault)
      t.fail(`seed ${seed}, request ${asked}: ${fault}`, {
        request: { ...request, payload: String(request.payload) },
        statusCode,
        body: body.slice(0, 500)
      })
  }

  t.ok(asked >= least)
  for (const status of [200, 400, 404]) t.ok(statuses.has(status), `${status} was among the answers`)
  t.comment(
    `${asked} requests of ${operations.length} operations: ${[...statuses]
      .sort(([a], [b]) => a - b)
      .map(([status, count]) => `${count} times ${status}`)
      .join(', ')}`
  )
})

function faultOf({ statusCode, type, body }: { statusCode: number; type: string; body: string }): string | undefined {
  if (statusCode >= 500 && statusCode !== 502) return `answered ${statusCode}`
  if (innards.test(body)) return 'it tells innards'
  if (!/json/.test(type) || body === '') return undefined
  try {
    for (const text of type.includes('ndjson') ? body.split('\n').filter(Boolean) : [body]) JSON.parse(text)
  } catch {
    return 'it is not JSON'
  }
  return statusCode >= 400 && type.includes('problem') && !JSON.parse(body).code ? 'the problem has no code' : undefined
}
