import type { FastifyRequest } from 'fastify'

export interface PublicAddress {
  /** LEPORELLO_PUBLIC_URL, when configured. */
  publicUrl?: string | undefined
  /** What we listen on; the port is asked for late, because 0 means any. */
  host: string
  port: () => number
  /** LEPORELLO_PREFIX, such as `/mozart`, or ''. */
  prefix: string
}

const wildcards = new Set(['0.0.0.0', '::', ''])
const hostname = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/

/** Where this service is reached from outside: what we write into records (guard URLs), so it depends on a request as little as it can. */
export function publicUrlOf(address: PublicAddress): (request: FastifyRequest) => string {
  const { publicUrl, host, port, prefix } = address
  if (publicUrl) {
    const configured = publicUrl.replace(/\/+$/, '')
    return () => configured
  }
  if (wildcards.has(host)) return (request) => requestUrl(request, address)
  return () => `http://${listening(host, port())}${prefix}`
}

/** Where this very request was sent, seen from the client: for redirects. The proxy headers are those that HySDS's nginx sets. */
export function requestUrl(request: FastifyRequest, address: PublicAddress): string {
  const scheme = header(request, 'x-scheme') === 'https' ? 'https' : 'http'
  const named = [header(request, 'x-forwarded-host'), request.headers.host].find((host) => host !== undefined && hostname.test(host))
  return `${scheme}://${named ?? listening(address.host, address.port())}${scriptName(request, address)}`
}

/** The path under which a proxy shows us: X-Script-Name or X-Forwarded-Prefix, else our prefix where the request came with it. */
export function scriptName(request: FastifyRequest, { prefix }: Pick<PublicAddress, 'prefix'>): string {
  return saidPrefix(request.headers) ?? (startsWithSegment(request.originalUrl, prefix) ? prefix : '')
}

/** What a proxy says that it cut off, or shows us under. */
export const saidPrefix = (headers: FastifyRequest['headers']): string | undefined =>
  cleanScriptName(headers['x-script-name']) ?? cleanScriptName(headers['x-forwarded-prefix'])

/**
 * A way for the client to a path of ours, whatever stands before us. Where only the public URL tells that we are shown under a path,
 * it is relative to what was asked for, as this request may have come past that proxy.
 */
export function wayTo(path: string, { request, address }: { request: FastifyRequest; address: PublicAddress }): string {
  const script = scriptName(request, address)
  if (script !== '' || !address.publicUrl || new URL(address.publicUrl).pathname === '/') return `${script}${path}`
  const folders = request.url.split('?', 1)[0]!.split('/').length - 2
  return `${'../'.repeat(folders)}${path.slice(1)}`
}

/** A path such as `/mozart`, or undefined when the header holds none. Never `//host`, which a browser would follow out of here. */
export function cleanScriptName(value: string | string[] | undefined): string | undefined {
  if (typeof value !== 'string') return undefined
  // one expression from the start: `/\/+$/` would look for the end from each of many slashes
  return /^((?:\/[\w.~%@:-]+)+)\/*$/.exec(value)?.[1]
}

/** Whether a path lies under a prefix: `/mozart` and `/mozart/x` do, `/mozartx` does not. */
export function startsWithSegment(url: string, prefix: string): boolean {
  if (prefix === '' || !url.startsWith(prefix)) return false
  const next = url[prefix.length]
  return next === undefined || next === '/' || next === '?'
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}

const listening = (host: string, port: number) =>
  wildcards.has(host) ? `127.0.0.1:${port}` : `${host.includes(':') ? `[${host}]` : host}:${port}`
