import type { Readable } from 'node:stream'
import { createSlots } from '../domain/slots.ts'
import { isOnLoopback } from './address.ts'
import { registryError } from './registry-error.ts'

export interface RegistryRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  headers: Record<string, string>
  body?: string | Buffer
  /** A body of any size, in place of `body`; its length is in the headers. */
  stream?: () => Readable
  /** A success is answered with a `stream` in place of `body`. */
  asStream?: boolean
  /** How long the server may stay silent. */
  silenceMs: number
  /** The most bytes of an answer. */
  most: number
}

export interface RegistryAnswer {
  status: number
  headers: { readonly [name: string]: string | string[] | undefined }
  body: Buffer
  stream?: Readable
}

/** Sends one request and reads its answer. Throws an error with a code when there is none. */
export type AskServer = (url: URL, request: RegistryRequest) => Promise<RegistryAnswer>

export interface ExchangeOptions {
  ask: AskServer
  /** How many requests may be under way. */
  atOnce: number
  /** Whether http is spoken with others than this machine. */
  plainHttp: boolean
}

export type RegistryExchange = ReturnType<typeof createExchange>

const maxRedirects = 5

export function createExchange({ ask, atOnce, plainHttp }: ExchangeOptions) {
  const inTurn = createSlots(atOnce)
  let stopped = false

  async function follow(url: URL, request: RegistryRequest): Promise<RegistryAnswer> {
    if (stopped) throw registryError('failed', { message: 'another request failed' })
    let target = url
    let { headers } = request
    for (let i = 0; i <= maxRedirects; i++) {
      checkSecure(target, plainHttp)
      const answer = await ask(target, { ...request, headers })
      const { location } = answer.headers
      if (answer.status < 300 || answer.status > 308 || typeof location !== 'string' || !isReading(request)) return answer
      if (!URL.canParse(location, target)) throw registryError('failed', { message: `${target.host} redirects to what is not a URL` })
      const next = new URL(location, target)
      // a token is for the server that it was given for
      if (next.origin !== target.origin) headers = without(headers, 'authorization')
      target = next
    }
    throw registryError('failed', { message: `${url.host} redirects more than ${maxRedirects} times` })
  }

  return {
    /** Sends a request when it is its turn, and follows redirects. */
    send: (url: URL, request: RegistryRequest): Promise<RegistryAnswer> => inTurn(() => follow(url, request)),
    /** Lets no further request begin. */
    stop(): void {
      stopped = true
    }
  }
}

const isReading = ({ method }: RegistryRequest) => method === 'GET' || method === 'HEAD'

function checkSecure(url: URL, plainHttp: boolean): void {
  if (url.protocol === 'https:' || (url.protocol === 'http:' && (plainHttp || isOnLoopback(url)))) return
  const message = `${url.protocol}//${url.host} would be asked without encryption; it has to speak https, or add --plain-http`
  throw registryError('failed', { message })
}

const without = (headers: Record<string, string>, name: string) =>
  Object.fromEntries(Object.entries(headers).filter(([key]) => key.toLowerCase() !== name))
