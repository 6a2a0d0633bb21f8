import { type ClientRequest, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Config } from '../../config/config.ts'
import { program } from '../../config/program.ts'
import { basic } from '../../domain/credentials.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import type { Problem } from '../../schemas.ts'
import { exit, type Values } from '../terminal/command.ts'
import { unreachable } from './http-client.ts'

/** A Leporello server (or a Mozart), as commands speak to it. Every method throws an ApiError. */
export interface Api {
  /** Its address, as people may read it. */
  url: string
  /** Asks, and reads the answer as JSON. */
  ask<Answer>(request: ApiRequest): Promise<Answer>
  /** The answer itself, where it is no JSON. */
  text(request: ApiRequest): Promise<string>
  /** The same with its status and headers, and the text itself; what is no success is thrown, unless `statuses` lets it through. */
  answer(request: ApiRequest & { statuses?: readonly number[] }): Promise<ApiAnswer>
  /** Where the answer is a line for each thing, as they come; empty lines are passed over, unless they are asked for. */
  lines(request: ApiRequest & { empty?: boolean }): AsyncGenerator<string>
}

export interface ApiRequest {
  /** GET unless told. */
  method?: string
  /** Behind the server's address, ids in it encoded: see pathOf. */
  path: string
  /** What is undefined is left out. */
  query?: Record<string, string | number | boolean | undefined>
  headers?: Record<string, string>
  /** Sent as JSON; a string or bytes as they are. */
  body?: unknown
  /** A body of any size, in place of `body`; its length stands in the headers. It is begun when the server calls for it, and destroyed. */
  stream?: () => Readable
  /** How long the server may say nothing; 0 is for ever. */
  timeoutMs?: number
}

export interface ApiAnswer {
  status: number
  headers: IncomingHttpHeaders
  text: string
  value: unknown
}

/** A refusal in the server's words (`status`, and `problem` where it is ours), or no answer at all (`code` is `unreachable`). */
export type ApiError = Error & { code?: string; status?: number; problem?: Problem }

/** Beyond that, what answers is not the server that was meant. */
const maxAnswer = 64 * 1024 * 1024
const patienceMs = 60_000

/** The option that every command with a server has. */
export const urlOption = { type: 'string', help: 'the server; default: LEPORELLO_URL, or http://127.0.0.1:8888' } as const

/** `--url` or LEPORELLO_URL is no address. */
export const misuse = (problem: string): ApiError => Object.assign(new Error(problem), { code: 'LEPORELLO_USAGE' })

/** The server that `--url` or LEPORELLO_URL names. */
export function apiFor({ client }: Pick<Config, 'client'>, values: Values): Api {
  const given = values['url']
  const url = typeof given === 'string' ? given : client.url
  if (!/^https?:\/\/[^/]/i.test(url) || !URL.canParse(url)) {
    throw misuse(`--url is ${JSON.stringify(maskSecrets(url))}; expected an http:// or https:// URL, such as http://127.0.0.1:8888`)
  }
  return openApi(url, { token: client.token })
}

/** An address as HySDS configures it, `…/api/v0.1`, is that of its server. */
const serverOf = (url: string): string => url.replace(/\/+$/, '').replace(/\/api\/v[\d.]+$/, '')

export function openApi(address: string, { token }: { token?: string | undefined } = {}): Api {
  const server = serverOf(address)
  const shown = maskSecrets(server)

  async function answered({ path, query = {}, ...request }: ApiRequest, statuses: readonly number[] = []): Promise<IncomingMessage> {
    const parameters = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))
    const target = `${path}${parameters.length > 0 ? `?${new URLSearchParams(parameters)}` : ''}`
    const answer = await send(server + target, { ...request, token }).catch((error) => {
      throw error.code === sourceBroken ? error : gone(shown, error)
    })
    const status = answer.statusCode!
    if ((status >= 200 && status < 300) || statuses.includes(status)) return answer
    throw refusalOf(status, { text: await textOf(answer, shown), what: `${request.method ?? 'GET'} ${shown}${maskSecrets(target)}` })
  }

  const answer: Api['answer'] = async ({ statuses, ...request }) => {
    const incoming = await answered(request, statuses)
    const text = await textOf(incoming, shown)
    return { status: incoming.statusCode!, headers: incoming.headers, text, value: parsed(text, shown) }
  }

  return {
    url: shown,
    answer,
    text: async (request) => textOf(await answered({ ...request, headers: { accept: '*/*', ...request.headers } }), shown),
    ask: async <Answer>(request: ApiRequest) => (await answer(request)).value as Answer,
    async *lines({ empty = false, ...request }) {
      const incoming = await answered(request)
      try {
        for await (const line of createInterface({ input: incoming, crlfDelay: Number.POSITIVE_INFINITY })) {
          if (empty || line !== '') yield line
        }
      } catch (error) {
        throw gone(shown, error as Error)
      } finally {
        incoming.destroy()
      }
      if (!incoming.complete) throw gone(shown, new Error('it broke off in the middle of its answer'))
    }
  }
}

/** A path with ids in it: pathOf`/api/v1/containers/${id}`. */
export const pathOf = (texts: TemplateStringsArray, ...ids: string[]): string =>
  texts.map((text, at) => text + (at < ids.length ? encodeURIComponent(ids[at]!) : '')).join('')

interface Sending extends Omit<ApiRequest, 'path' | 'query'> {
  token: string | undefined
}

function send(target: string, { method = 'GET', headers, body, stream, timeoutMs = patienceMs, token }: Sending): Promise<IncomingMessage> {
  const url = new URL(target)
  const { username, password } = url
  const authorization = token !== undefined ? `Bearer ${token}` : username ? basic(username, password) : undefined
  Object.assign(url, { username: '', password: '' })
  const asJson = body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body)
  // as bytes: with a text Node would write the headers in its encoding, too
  const payload = body === undefined ? undefined : Buffer.from(asJson ? JSON.stringify(body) : (body as string | Buffer))
  const all = {
    accept: 'application/json',
    'user-agent': `leporello/${program.version}`,
    ...(asJson && { 'content-type': 'application/json' }),
    ...(payload !== undefined && { 'content-length': String(payload.length) }),
    ...(authorization && { authorization }),
    ...headers
  }
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest
    const outgoing = request(url, { method, headers: all }).on('error', reject).on('response', resolve)
    outgoing.setTimeout(timeoutMs, () => outgoing.destroy(new Error(`it said nothing for ${timeoutMs / 1000} s`)))
    if (stream) sendStream(outgoing, stream)
    else outgoing.end(payload)
  })
}

/** What was to be sent cannot be read: no fault of the server. */
const sourceBroken = 'LEPORELLO_SOURCE'

/** A server that does not know `Expect` is sent the bytes after a moment, as curl does. */
const expectMs = 1_000

function sendStream(outgoing: ClientRequest, open: () => Readable): void {
  let source: Readable | undefined
  let answered = false
  const begin = () => {
    if (source || answered || outgoing.destroyed) return
    source = open().on('error', (error) => outgoing.destroy(Object.assign(error, { code: sourceBroken })))
    source.pipe(outgoing)
  }
  const timer = setTimeout(begin, expectMs)
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
  outgoing.setHeader('expect', '100-continue')
  outgoing.flushHeaders()
}

async function textOf(answer: IncomingMessage, shown: string): Promise<string> {
  let text = ''
  try {
    for await (const chunk of answer.setEncoding('utf8')) {
      text += chunk
      if (text.length > maxAnswer) throw new Error(`its answer is larger than ${maxAnswer} bytes`)
    }
  } catch (error) {
    throw gone(shown, error as Error)
  }
  return text
}

function parsed(text: string, shown: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw Object.assign(new Error(`${shown} did not answer as Leporello does: ${JSON.stringify(text.slice(0, 100))}`), { status: 200 })
  }
}

/** Why there is no answer, and what to do about it. */
function gone(shown: string, error: NodeJS.ErrnoException): ApiError {
  const certificate = /CERT|SELF_SIGNED|ISSUER|ALTNAME/.test(error.code ?? '')
  const advice = certificate
    ? 'name the certificate that signed it in NODE_EXTRA_CA_CERTS'
    : 'is it running, and is this its address (--url, LEPORELLO_URL)?'
  const why = maskSecrets(error.message || error.code || 'no answer')
  return Object.assign(new Error(`${shown} cannot be reached: ${why}; ${advice}`, { cause: error }), { code: unreachable })
}

/** Our own problem, Mozart's envelope, or whatever somebody in between says. */
function refusalOf(status: number, { text, what }: { text: string; what: string }): ApiError {
  try {
    const said = JSON.parse(text) as Partial<Problem> & { message?: string }
    if (typeof said.code === 'string') return Object.assign(new Error(said.detail), { problem: said as Problem, status })
    if (typeof said.message === 'string' && said.message !== '') return Object.assign(new Error(said.message), { status })
  } catch {
    // not ours: a proxy's page, say
  }
  return Object.assign(new Error(`${what} was answered ${status}: ${maskSecrets(text.trim().slice(0, 200))}`), { status })
}

/** The exit status that tells programs what went wrong. */
export function statusOf({ code, status }: ApiError): number {
  if (code === 'LEPORELLO_USAGE') return exit.usage
  const away = status !== undefined && status >= 502 && status <= 504
  return code === unreachable || away ? exit.unreachable : exit.wrong
}
