import type { IncomingHttpHeaders } from 'node:http'
import { isLoopback } from '../domain/listening.ts'

/** What decides whether a request that a browser may have sent is taken. */
export interface BrowserRules {
  /** The address that the server listens on. */
  host: string
  publicUrl?: string | undefined
  /** The origins whose pages may do what our own may. */
  cors: readonly string[]
}

/** The headers by which a browser tells what page sends a request. No page can set or remove one of them. */
export type BrowserHeaders = Pick<IncomingHttpHeaders, 'host' | 'origin' | 'referer' | 'user-agent'> & {
  'sec-fetch-site'?: string | string[] | undefined
}

/** `write`: whether the request changes something. */
type BrowserRequest = { method: string; headers: BrowserHeaders; write: boolean }

/** Returns why a request is refused, as a clause, or undefined if it is taken. Programs other than browsers are asked for Host only. */
export type BrowserRefusal = (request: BrowserRequest) => string | undefined

export function createBrowserRefusal({ host, publicUrl, cors }: BrowserRules): BrowserRefusal {
  const ours = publicUrl === undefined ? undefined : new URL(publicUrl)
  const names = [...loopbackNames, ...(ours ? [ours.hostname] : [])]
  const own = new Set([...names, host.includes(':') ? `[${host}]` : host.toLowerCase()])
  const permitted = new Set(cors)
  const local = isLoopback(host)

  /** A host that an attacker cannot have, whatever the attacker's name server says: one of ours, or an address. */
  const isOurs = (name: string) => own.has(name) || /^[\d.]+$|^\[/.test(name)

  function isOwnOrigin(text: string, { host = '' }: BrowserHeaders): boolean {
    if (!URL.canParse(text)) return false
    const origin = new URL(text)
    if (permitted.has(origin.origin) || (ours && origin.host === ours.host)) return true
    const asked = `${origin.protocol}//${host}`
    return isOurs(nameOf(host)) && URL.canParse(asked) && new URL(asked).host === origin.host
  }

  /** Returns what page it is of, if that may not write. */
  function foreignPage({ method, headers }: BrowserRequest): string | undefined {
    const { origin, referer, 'sec-fetch-site': site } = headers
    if (origin !== undefined) {
      if (!isOwnOrigin(origin, headers)) return JSON.stringify(origin)
      return site === 'cross-site' && !permitted.has(origin) ? 'another site' : undefined
    }
    if (site !== undefined) return site === 'same-origin' || site === 'none' ? undefined : 'another site'
    // over plain http, browsers tell only the referrer of an <img src="…/container/remove?id=…">
    if (method !== 'GET' || !/^Mozilla\//.test(headers['user-agent'] ?? '')) return undefined
    return referer !== undefined && isOwnOrigin(referer, headers) ? undefined : 'another site'
  }

  return (request) => {
    const { host: asked } = request.headers
    if (local && asked !== undefined && !own.has(nameOf(asked))) return rebound(asked, names)
    const page = request.write ? foreignPage(request) : undefined
    return page && `a web page of ${page} seems to have sent this, and pages of other sites may not write here; ${advice}`
  }
}

const loopbackNames = ['localhost', '127.0.0.1', '[::1]']

/** The name in a Host header, without its port. */
const nameOf = (host: string): string => host.replace(/:\d*$/, '').toLowerCase()

const advice = 'use a program such as curl, or /docs under LEPORELLO_PUBLIC_URL, or name that origin in LEPORELLO_CORS'

const rebound = (asked: string, names: readonly string[]): string =>
  `this service listens on its own machine only, where it is called ${names.join(', ')}, and not ${JSON.stringify(asked.slice(0, 200))}: \
a web page may be behind this (DNS rebinding); behind a proxy, set LEPORELLO_PUBLIC_URL to the address that clients use`
