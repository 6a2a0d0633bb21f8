import type { IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import type { Config } from '../../config/config.ts'
import { certificatesIn } from '../../config/files.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import type { ContainerView, Problem } from '../../schemas.ts'
import { complain, misuse, type Values } from '../terminal/terminal.ts'
import { type HttpAnswer, type HttpRequest, openRequest, readAnswer, type Trust, unreachable, unreachableError } from './http-client.ts'

/** A refusal in the server's words (`status`, and `problem` from a Leporello), or no answer at all (`code` is `unreachable`). */
export type ApiError = Error & { code?: string; status?: number; problem?: Problem }

/** A Leporello server, or a Mozart. Every method throws an ApiError. */
export type Api = ReturnType<typeof openApi>

interface ApiRequest extends Pick<HttpRequest, 'method' | 'headers' | 'stream'> {
  /** Relative to the server's address, with ids percent-encoded: see pathOf. */
  path: string
  /** Undefined values are left out. */
  query?: Record<string, string | number | boolean | undefined>
  /** Sent as JSON, unless it is a string or bytes. */
  body?: unknown
  /** How long the server may stay silent; 0 is for ever. One minute unless given. */
  timeoutMs?: number
}

const silenceMs = 60_000
const advice = 'is it running, and is this its address (--url, LEPORELLO_URL)?'

/** The options of every command that asks a server. */
export const serverOptions = {
  url: { type: 'string', help: 'the server; default: LEPORELLO_URL, or http://127.0.0.1:8888' },
  ca: { type: 'string', help: 'a PEM file with further authorities whose certificates are accepted; default: LEPORELLO_CA' }
} as const

/** The option of commands that do what the builder's Python programs do. */
export const insecureOption = { type: 'boolean', help: 'accept any certificate, as osaka and container-met.py do' } as const

/** Returns the certificate authorities that a command trusts, from `--ca`, LEPORELLO_CA and `--insecure`. Warns when certificates are not checked. */
export function trustFrom({ ca }: Config['client'], values: Values): Trust {
  if (values['insecure'] === true) {
    complain('leporello: --insecure: certificates are not checked, so passwords may reach the wrong server')
    return { insecure: true }
  }
  const given = values['ca']
  if (typeof given !== 'string') return { ca }
  const found = certificatesIn(given)
  if ('path' in found) return { ca: found.path }
  throw misuse(`--ca names ${maskSecrets(given)}, which ${found.problem}`)
}

/** Returns the server that `--url` or LEPORELLO_URL names. */
export function apiFor({ client }: Pick<Config, 'client'>, { values, trust }: { values: Values; trust?: Trust }): Api {
  const given = values['url']
  const url = typeof given === 'string' ? given : client.url
  if (!/^https?:\/\/[^/]/i.test(url) || !URL.canParse(url)) {
    throw misuse(`--url is ${JSON.stringify(maskSecrets(url))}; expected an http:// or https:// URL, such as http://127.0.0.1:8888`)
  }
  return openApi(url, { token: client.token, trust: trust ?? trustFrom(client, values) })
}

/** HySDS configures the address of a server as `…/api/v0.1`. */
const serverOf = (url: string): string => url.replace(/\/+$/, '').replace(/\/api\/v[\d.]+$/, '')

export function openApi(address: string, { token, trust = {} }: { token?: string | undefined; trust?: Trust } = {}) {
  const server = serverOf(address)
  const shown = maskSecrets(server)
  const away = (error: Error) => unreachableError(shown, error, advice)

  async function open(request: ApiRequest, statuses: readonly number[] = []): Promise<IncomingMessage> {
    const { path, query = {}, body, headers, timeoutMs = silenceMs, ...rest } = request
    const parameters = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))
    const target = `${path}${parameters.length > 0 ? `?${new URLSearchParams(parameters)}` : ''}`
    const asJson = body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body)
    const answer = await openRequest(new URL(server + target), {
      ...{ ...rest, timeoutMs, trust },
      headers: {
        accept: 'application/json',
        ...(asJson && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers
      },
      ...(body !== undefined && { body: asJson ? JSON.stringify(body) : (body as string | Buffer) })
    }).catch((error) => {
      throw error.code === unreachable ? away(error.cause) : error
    })
    const status = answer.statusCode!
    if ((status >= 200 && status < 300) || statuses.includes(status)) return answer
    const what = `${request.method ?? 'GET'} ${shown}${maskSecrets(target)}`
    throw answeredRefusal(status, { what, text: await readAnswer(answer, shown) })
  }

  /** Returns the answer with its status and headers. Throws for statuses other than 2xx, unless `statuses` lists them. */
  async function answer({ statuses, ...request }: ApiRequest & { statuses?: readonly number[] }): Promise<HttpAnswer & { value: unknown }> {
    const incoming = await open(request, statuses)
    const text = await readAnswer(incoming, shown)
    return { status: incoming.statusCode!, headers: incoming.headers, text, value: parsed(text, shown) }
  }

  return {
    /** Its address, without secrets. */
    url: shown,
    /** What its `/v2/` takes: that stands at the root of its host, whatever the path of its address is. */
    registry: () => ({ base: new URL('/', server), token }),
    answer,
    text: async (request: ApiRequest) => readAnswer(await open({ ...request, headers: { accept: '*/*', ...request.headers } }), shown),
    /** Returns the answer, parsed as JSON. */
    ask: async <Answer>(request: ApiRequest) => (await answer(request)).value as Answer,
    /** Yields the lines of an answer as they arrive. Skips empty lines, unless `empty` is true. */
    async *lines({ empty = false, ...request }: ApiRequest & { empty?: boolean }): AsyncGenerator<string> {
      const incoming = await open(request)
      try {
        for await (const line of createInterface({ input: incoming, crlfDelay: Number.POSITIVE_INFINITY })) {
          if (empty || line !== '') yield line
        }
      } catch (error) {
        throw away(error as Error)
      } finally {
        incoming.destroy()
      }
      if (!incoming.complete) throw away(new Error('it broke off in the middle of its answer'))
    }
  }
}

/** Returns a container, or undefined where there is none. */
export async function findContainer(api: Api, id: string): Promise<ContainerView | undefined> {
  const { status, value } = await api.answer({ path: pathOf`/api/v1/containers/${id}`, statuses: [404] })
  return status === 404 ? undefined : (value as ContainerView)
}

type PagesRequest = { path: string; query: Record<string, string | undefined>; most: number }

/** Yields the items of a list, `most` at most, page by page. */
export async function* itemPages<Item>(api: Api, { path, query, most }: PagesRequest): AsyncGenerator<Item[]> {
  let cursor: string | undefined
  let left = most
  do {
    const page: { items: Item[]; next: string | null } = await api.ask({ path, query: { ...query, limit: Math.min(left, 200), cursor } })
    left -= page.items.length
    yield page.items
    cursor = page.next ?? undefined
  } while (cursor !== undefined && left > 0)
}

/** Percent-encodes the ids of a path: pathOf`/api/v1/containers/${id}`. */
export const pathOf = (texts: TemplateStringsArray, ...ids: string[]): string =>
  texts.map((text, at) => text + (at < ids.length ? encodeURIComponent(ids[at]!) : '')).join('')

function parsed(text: string, shown: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw Object.assign(new Error(`${shown} did not answer as Leporello does: ${JSON.stringify(text.slice(0, 100))}`), { status: 200 })
  }
}

/** Whether the server is unreachable, by a failed connection or a proxy's 502, 503 or 504. */
export const isAway = ({ code, status = 0 }: ApiError): boolean => code === unreachable || (status >= 502 && status <= 504)

/** The answer may be our problem document, Mozart's envelope, or the page of a proxy. */
function answeredRefusal(status: number, { text, what }: { text: string; what: string }): ApiError {
  try {
    const said = JSON.parse(text) as Partial<Problem> & { message?: string }
    if (typeof said.code === 'string') return Object.assign(new Error(said.detail), { problem: said as Problem, status })
    if (typeof said.message === 'string' && said.message !== '') return Object.assign(new Error(said.message), { status })
  } catch {
    // not JSON: perhaps the page of a proxy
  }
  return Object.assign(new Error(`${what} was answered ${status}: ${maskSecrets(text.trim().slice(0, 200))}`), { status })
}
