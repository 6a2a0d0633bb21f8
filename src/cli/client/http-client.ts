import { request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import type { Readable } from 'node:stream'
import { basic } from '../../domain/credentials.ts'
import { maskSecrets } from '../../domain/secrets.ts'

export interface Outgoing {
  method: string
  headers?: Record<string, string>
  body?: string | (() => Readable)
}

export interface Incoming {
  status: number
  headers: IncomingMessage['headers']
  /** The beginning of it, for messages. */
  text: string
}

/** The server could not be reached, or went away: not an answer. */
export const unreachable = 'LEPORELLO_UNREACHABLE'

const textLimit = 64 * 1024
const redirects = 5

/**
 * One request, its body as a stream; `user:password@` in the URL is sent as basic authentication, and redirects that keep the method are
 * followed. Certificates are not checked, as the builder's Python programs check none: HySDS signs its own.
 */
export async function send(url: string, outgoing: Outgoing): Promise<Incoming> {
  let at = parseUrl(url)
  for (let i = 0; i <= redirects; i++) {
    const answer = await sendOnce(at, outgoing)
    if (answer.status !== 307 && answer.status !== 308) return answer
    const next = parseUrl(answer.headers.location ?? '', at)
    // credentials are for who they were meant for
    if (next.host === at.host) Object.assign(next, { username: at.username, password: at.password })
    at = next
  }
  throw new Error(`${maskSecrets(url)} redirects more than ${redirects} times`)
}

/** A URL, or a refusal in words: Node's own says "Invalid URL" and nothing else. */
export function parseUrl(text: string, base?: URL): URL {
  if (URL.canParse(text, base)) return new URL(text, base)
  throw new Error(`${JSON.stringify(maskSecrets(text))} is no URL; expected scheme://[user:password@]host[:port]/path`)
}

function sendOnce(url: URL, { method, headers, body }: Outgoing): Promise<Incoming> {
  const { username, password, protocol } = url
  const options = { method, headers: { ...headers, ...(username && { authorization: basic(username, password) }) } }
  const bare = new URL(url)
  Object.assign(bare, { username: '', password: '' })
  return new Promise((resolve, reject) => {
    const outgoing =
      protocol === 'https:'
        ? httpsRequest(bare, { ...options, agent: new Agent({ rejectUnauthorized: false }) })
        : httpRequest(bare, options)
    const source = typeof body === 'function' ? body() : undefined
    let answered = false
    const fail = (error: NodeJS.ErrnoException) => {
      source?.destroy()
      // who refuses a body early may close the connection under it; the answer is what counts
      if (!answered)
        reject(Object.assign(new Error(`${bare.host} cannot be reached: ${error.message || error.code}`), { code: unreachable }))
    }
    outgoing.on('error', fail).on('response', (answer) => {
      answered = true
      let text = ''
      answer
        .setEncoding('utf8')
        .on('data', (chunk) => {
          if (text.length < textLimit) text += chunk
        })
        .on('error', reject)
        .on('end', () => {
          source?.destroy()
          outgoing.destroy()
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text })
        })
    })
    if (!source) return void outgoing.end(body)
    source.on('error', (error) => {
      outgoing.destroy()
      reject(error)
    })
    if (!options.headers || !('expect' in options.headers)) return void source.pipe(outgoing)
    // a refusal comes before gigabytes are sent; who does not know Expect is sent them after a moment, as curl does
    let begun = false
    const begin = () => {
      if (begun || answered) return
      begun = true
      source.pipe(outgoing)
    }
    const timer = setTimeout(begin, 1_000)
    outgoing.once('continue', begin).once('close', () => clearTimeout(timer))
    outgoing.flushHeaders()
  })
}
