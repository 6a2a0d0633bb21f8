import { readFileSync } from 'node:fs'
import { type ClientRequest, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Readable } from 'node:stream'
import { rootCertificates } from 'node:tls'
import { program } from '../../config/program.ts'
import { basic } from '../../domain/credentials.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import type { AskServer } from '../../registries/exchange.ts'

/** Whose certificates are accepted. With neither field: those of public authorities, and of NODE_EXTRA_CA_CERTS. */
export interface Trust {
  /** The path of a PEM file, trusted beside public authorities. */
  ca?: string | undefined
  /** Accept any certificate. */
  insecure?: boolean | undefined
}

export interface HttpRequest {
  /** GET unless given. */
  method?: string
  headers?: Record<string, string>
  body?: string | Buffer
  /** A body of any size, in place of `body`; its length is in the headers. Opened when the server is ready for it, and destroyed at the end. */
  stream?: () => Readable
  /** How long the server may stay silent; 0, the default, is for ever. */
  timeoutMs?: number
  trust?: Trust
}

export type HttpAnswer = { status: number; headers: IncomingHttpHeaders; text: string }

/** The code of an error when there is no answer: nobody listens, or the connection broke. */
export const unreachable = 'LEPORELLO_UNREACHABLE'

/** What was to be sent cannot be read, which is no fault of the server. */
const sourceBroken = 'LEPORELLO_SOURCE'

/** Larger answers come from some other server than the one that was meant. */
const maxAnswer = 64 * 1024 * 1024
const maxRedirects = 5
/** Smaller bodies are sent at once, without asking whether the server wants them. */
const expectAbove = 1024 * 1024
/** A server that does not know `Expect` is sent the body after a second, as curl does. */
const expectMs = 1_000

/** Parses a URL. Throws with what was expected; Node's own message is just "Invalid URL". */
export function parseUrl(text: string, base?: URL): URL {
  if (URL.canParse(text, base)) return new URL(text, base)
  throw new Error(`${JSON.stringify(maskSecrets(text))} is not a URL; expected scheme://[user:password@]host[:port]/path`)
}

/** Returns the answer once its headers are there; the URL's `user:password@` is sent. Throws an error with the code `unreachable`. */
export function openRequest(url: URL, request: HttpRequest): Promise<IncomingMessage> {
  const { method = 'GET', headers, body, stream, timeoutMs = 0, trust } = request
  const { username, password } = url
  const bare = Object.assign(new URL(url), { username: '', password: '' })
  // as bytes: with a string Node would encode the headers like the body
  const payload = body === undefined ? undefined : Buffer.from(body)
  const options = {
    method,
    headers: {
      'user-agent': `leporello/${program.version}`,
      ...(payload && { 'content-length': String(payload.length) }),
      ...(username && { authorization: basic(username, password) }),
      ...headers
    }
  }
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(error.code === sourceBroken ? error : unreachableError(bare.host, error))
    const outgoing = url.protocol === 'https:' ? httpsRequest(bare, { ...options, ...tlsOptions(trust) }) : httpRequest(bare, options)
    outgoing.on('error', fail).on('response', resolve)
    outgoing.setTimeout(timeoutMs, () => outgoing.destroy(new Error(`it said nothing for ${timeoutMs / 1000} s`)))
    if (stream) sendStream(outgoing, stream)
    else outgoing.end(payload)
  })
}

const tlsOptions = ({ ca, insecure }: Trust = {}) => ({
  ...(ca && { ca: [...rootCertificates, readFileSync(ca, 'utf8')] }),
  ...(insecure && { rejectUnauthorized: false })
})

function sendStream(outgoing: ClientRequest, open: () => Readable): void {
  let source: Readable | undefined
  let answered = false
  let timer: NodeJS.Timeout | undefined
  const begin = () => {
    if (source || answered || outgoing.destroyed) return
    source = open().on('error', (error) => outgoing.destroy(Object.assign(error, { code: sourceBroken })))
    source.pipe(outgoing)
  }
  outgoing
    .once('continue', begin)
    .once('response', (answer: IncomingMessage) => {
      // a refusal ends the sending; the connection is of no more use then
      answered = true
      source?.destroy()
      answer.once('close', () => outgoing.destroy())
    })
    .once('close', () => {
      clearTimeout(timer)
      source?.destroy()
    })
  if (Number(outgoing.getHeader('content-length')) <= expectAbove) begin()
  else {
    timer = setTimeout(begin, expectMs)
    outgoing.setHeader('expect', '100-continue')
    outgoing.flushHeaders()
  }
}

/** Reads an answer of at most so many bytes to its end. `server` is for messages. Throws an error with the code `unreachable` when it breaks off, or is larger than expected. */
async function readBytes(answer: IncomingMessage, { server, most }: { server: string; most: number }): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of answer) {
      chunks.push(chunk)
      size += chunk.length
      if (size > most) throw new Error(`its answer is larger than ${most} bytes`)
    }
  } catch (error) {
    throw unreachableError(server, error as Error)
  }
  return Buffer.concat(chunks)
}

/** Reads the text of an answer, as readBytes does. */
export const readAnswer = async (answer: IncomingMessage, server: string): Promise<string> =>
  (await readBytes(answer, { server, most: maxAnswer })).toString('utf8')

/** Sends a request to any HTTP server, and follows redirects that keep the method (307, 308). */
export async function send(url: string, request: HttpRequest): Promise<HttpAnswer> {
  let target = parseUrl(url)
  for (let i = 0; i <= maxRedirects; i++) {
    const answer = await openRequest(target, request)
    const { statusCode: status = 0, headers } = answer
    const text = await readAnswer(answer, target.host)
    if (status !== 307 && status !== 308) return { status, headers, text }
    const next = parseUrl(headers.location ?? '', target)
    // credentials are for the host that they were given for
    if (next.host === target.host) Object.assign(next, { username: target.username, password: target.password })
    target = next
  }
  throw new Error(`${maskSecrets(url)} redirects more than ${maxRedirects} times`)
}

/** What to do about an error that tells by itself; a server that speaks https hangs up on whoever does not. */
function adviceFor(error: NodeJS.ErrnoException): string | undefined {
  if (/CERT|SELF_SIGNED|ISSUER|ALTNAME/.test(error.code ?? '')) return 'name the certificate that signed it with --ca or LEPORELLO_CA'
  if (error.code === 'EPROTO') return 'write http:// in its address'
  return error.message === 'socket hang up' ? 'is it running, and does it speak https? Then write https:// in its address' : undefined
}

/** Why there is no answer. `advice` says what to do, unless the error itself tells. */
export function unreachableError(server: string, error: NodeJS.ErrnoException, advice?: string): Error & { code: string } {
  const why = error.code === 'EPROTO' ? 'it does not speak https' : maskSecrets(error.message || error.code || 'no answer')
  const remedy = adviceFor(error) ?? advice
  const message = `${server} cannot be reached: ${why}${remedy ? `; ${remedy}` : ''}`
  return Object.assign(new Error(message, { cause: error }), { code: unreachable })
}

/** The longest time that an answer may take, so that one that comes byte by byte ends. */
const answerMs = 120_000

/** Returns how registries are asked. Throws an error with the code `unreachable` when there is no answer. */
export function registryAsk(trust: Trust): AskServer {
  return async (url, { silenceMs, most, asStream = false, ...request }) => {
    try {
      const incoming = await openRequest(url, { ...request, timeoutMs: silenceMs, trust })
      const { statusCode: status = 0, headers } = incoming
      if (asStream && (status === 200 || status === 206)) return { status, headers, body: Buffer.alloc(0), stream: incoming }
      const timer = setTimeout(() => incoming.destroy(new Error(`its answer took more than ${answerMs / 1000} s`)), answerMs)
      try {
        return { status, headers, body: await readBytes(incoming, { server: url.host, most }) }
      } finally {
        clearTimeout(timer)
      }
    } catch (error) {
      const { code, cause } = error as NodeJS.ErrnoException
      if (code !== unreachable || (cause as NodeJS.ErrnoException).code !== 'EPROTO') throw error
      const plain = new Error('it does not speak https; add --plain-http if others on the way may read what is sent', { cause })
      throw unreachableError(url.host, plain)
    }
  }
}
