import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { basic } from '../domain/credentials.ts'
import type { LegacyTarget } from './legacy-target.ts'
import { hasBody } from './shared/body.ts'
import { schemeOf, scriptName } from './shared/public-url.ts'

/** Streams a request to another server, and its answer back. It asks for the target that was judged, and for no other. */
export type PassThrough = (request: FastifyRequest, reply: FastifyReply, target: LegacyTarget) => FastifyReply

interface LegacyOptions {
  /** May have `user:password@`, which is sent as basic authentication and never logged. */
  url: string
  /** The path that was cut off before routing; the old server needs it to write absolute URLs. */
  prefix: string
  /** How long the old server may take to begin its answer, in milliseconds. Mozart itself retries for 34 s. */
  timeoutMs?: number | undefined
}

const hopByHop = ['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer']
const neverForwarded = new Set([...hopByHop, 'transfer-encoding', 'upgrade', 'expect', 'host'])

/** To the old Mozart, for all that is not ours. Connections are not reused: gunicorn closes idle ones, and no POST can be sent again. */
export function createPassThrough({ url, prefix, timeoutMs = 120_000 }: LegacyOptions): PassThrough {
  const target = new URL(url)
  const secure = target.protocol === 'https:'
  const send = secure ? httpsRequest : httpRequest
  const agent = secure ? new HttpsAgent({ maxSockets: 256 }) : new HttpAgent({ maxSockets: 256 })
  const base = target.pathname.replace(/\/+$/, '')

  return (request, reply, { sent }) => {
    reply.hijack()
    const upstream = send({
      agent,
      hostname: target.hostname.replace(/^\[|\]$/g, ''),
      port: target.port || undefined,
      method: request.method,
      path: base + sent,
      headers: forwardedHeaders(request, target, prefix),
      timeout: timeoutMs
    })
    joinStreams(request, reply, upstream)
    return reply
  }
}

function joinStreams(request: FastifyRequest, reply: FastifyReply, upstream: ClientRequest): void {
  const client = reply.raw
  upstream.on('response', (answer) => {
    upstream.setTimeout(0)
    try {
      client.writeHead(answer.statusCode ?? 502, answer.statusMessage, answerHeaders(answer, request.id))
    } catch (error) {
      // Node parses status lines that it refuses to write, such as `099`
      upstream.destroy()
      return fail(error as Error)
    }
    answer.on('error', () => client.destroy()).on('aborted', () => client.destroy())
    answer.pipe(client)
  })
  upstream.on('timeout', () => upstream.destroy(new Error('no answer in time')))
  upstream.on('error', fail)
  client.on('close', () => {
    if (!client.writableFinished) upstream.destroy()
  })
  if (hasBody(request.raw)) request.raw.pipe(upstream)
  else upstream.end()

  function fail(error: NodeJS.ErrnoException): void {
    if (client.destroyed || client.writableFinished) return
    if (client.headersSent) return void client.destroy()
    request.failure = error
    answerAway(reply, request.id, error.code ?? error.message)
  }
}

function answerAway({ raw }: FastifyReply, id: string, reason: string): void {
  const message = `the old Mozart, which serves this path, does not answer (${reason}); try again`
  const body = Buffer.from(`${JSON.stringify({ message })}\n`)
  // with its reason phrase: an answer that could not be written would leave its own
  raw.writeHead(503, 'Service Unavailable', {
    'content-type': 'application/json',
    'content-length': body.length,
    'retry-after': '5',
    'access-control-allow-origin': '*',
    'x-request-id': id
  })
  raw.end(body)
}

/**
 * The client's headers in their order, without those of one connection, and with those that a proxy adds. The framing is written as Node
 * has understood it. Names with an underscore stay here, as nginx has it: WSGI takes `X_Script_Name` for `X-Script-Name`.
 */
function forwardedHeaders(request: FastifyRequest, { host, username, password }: URL, prefix: string): string[] {
  const { raw, headers } = request
  const authorization = username === '' && password === '' ? undefined : basic(username, password)
  // a token of ours is nothing to the old Mozart, which may write it into its log
  const ours = request.identity.kind === 'token'
  const replaced = new Set([...alwaysReplaced, ...(authorization || ours ? ['authorization'] : [])])
  const isForwarded = (name: string) => !neverForwarded.has(name) && !replaced.has(name) && !name.includes('_')
  const forwarded = ['Host', host, ...endToEnd(raw, isForwarded), 'Connection', 'close']
  const client = raw.socket.remoteAddress ?? 'unknown'
  const before = headers['x-forwarded-for']
  forwarded.push('X-Forwarded-For', before ? `${before}, ${client}` : client, 'X-Request-Id', request.id)
  if (!headers['x-forwarded-host'] && headers.host) forwarded.push('X-Forwarded-Host', headers.host)
  if (!headers['x-forwarded-proto']) forwarded.push('X-Forwarded-Proto', schemeOf(request))
  // the only one that Mozart knows
  const script = scriptName(request, { prefix })
  if (script) forwarded.push('X-Script-Name', script)
  if (authorization) forwarded.push('Authorization', authorization)
  const { 'transfer-encoding': coding, 'content-length': length } = raw.headers
  if (coding !== undefined) forwarded.push('Transfer-Encoding', 'chunked')
  else if (length !== undefined) forwarded.push('Content-Length', length)
  return forwarded
}

const alwaysReplaced = ['x-forwarded-for', 'x-request-id', 'x-script-name', 'content-length']

function answerHeaders(answer: IncomingMessage, requestId: string): string[] {
  const skipped = new Set([...hopByHop, 'transfer-encoding', 'upgrade', 'x-request-id'])
  return [...endToEnd(answer, (name) => !skipped.has(name)), 'X-Request-Id', requestId]
}

/** Without what Connection names (RFC 9110, 7.6.1). It may not name what describes the content, such as Content-Length. */
function endToEnd({ rawHeaders, headers }: IncomingMessage, keep: (name: string) => boolean): string[] {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()))
  const isNamed = (name: string) => named.has(name) && !name.startsWith('content-')
  const kept: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    if (keep(name) && !isNamed(name)) kept.push(rawHeaders[i]!, rawHeaders[i + 1]!)
  }
  return kept
}
