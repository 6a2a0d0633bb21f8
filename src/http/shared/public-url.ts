import type { FastifyRequest } from 'fastify'
import { type Listening, listeningUrl } from '../../domain/listening.ts'

export interface PublicAddress {
  /** LEPORELLO_PUBLIC_URL, when configured. */
  publicUrl?: string | undefined
  /** LEPORELLO_PREFIX, such as `/mozart`, or ''. */
  prefix: string
  /** Where the server listens. The port is known once it does, because 0 means any. */
  listening: () => Listening
}

const hostname = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/

/** The address of this server from outside. It is written into records (guard URLs), so it never depends on the request. */
export const publicUrlOf =
  ({ publicUrl, listening }: PublicAddress) =>
  (): string =>
    publicUrl?.replace(/\/+$/, '') ?? listeningUrl(listening())

/** The address to which the client sent this request, for redirects and never for records. HySDS's nginx sets these proxy headers. */
export function requestUrl(request: FastifyRequest, address: PublicAddress): string {
  const named = [header(request, 'x-forwarded-host'), request.headers.host].find((host) => host !== undefined && hostname.test(host))
  const ours = listeningUrl({ ...address.listening(), prefix: '' })
  return `${named ? `${schemeOf(request)}://${named}` : ours}${scriptName(request, address)}`
}

/** The scheme that the client used. */
export function schemeOf(request: FastifyRequest): 'http' | 'https' {
  const said = header(request, 'x-scheme') ?? header(request, 'x-forwarded-proto')
  return said === 'https' || (said === undefined && 'encrypted' in request.raw.socket) ? 'https' : 'http'
}

/** The path prefix that the client sees: X-Script-Name or X-Forwarded-Prefix, else the configured prefix if the request has it. */
export function scriptName(request: FastifyRequest, { prefix }: Pick<PublicAddress, 'prefix'>): string {
  return saidPrefix(request.headers) ?? (startsWithSegment(request.originalUrl, prefix) ? prefix : '')
}

/** The path prefix that a proxy announces. */
export const saidPrefix = (headers: FastifyRequest['headers']): string | undefined =>
  cleanScriptName(headers['x-script-name']) ?? cleanScriptName(headers['x-forwarded-prefix'])

/**
 * An address for the client of a path on this server, through whatever proxies there are. If only the public URL has a path prefix, it is
 * relative to the request's path, because this request may have bypassed that proxy.
 */
export function wayTo(path: string, { request, address }: { request: FastifyRequest; address: PublicAddress }): string {
  const script = scriptName(request, address)
  if (script !== '' || !address.publicUrl || new URL(address.publicUrl).pathname === '/') return `${script}${path}`
  const folders = request.url.split('?', 1)[0]!.split('/').length - 2
  return `${'../'.repeat(folders)}${path.slice(1)}`
}

/** Returns a path such as `/mozart`; undefined for anything else, such as `//host`, which a browser would follow to another server. */
export function cleanScriptName(value: string | string[] | undefined): string | undefined {
  if (typeof value !== 'string') return undefined
  // anchored at the start: `/\/+$/` would take quadratic time on many slashes
  return /^((?:\/[\w.~%@:-]+)+)\/*$/.exec(value)?.[1]
}

/** Whether a path is below a prefix: `/mozart` and `/mozart/x` are, `/mozartx` is not. */
export function startsWithSegment(url: string, prefix: string): boolean {
  if (prefix === '' || !url.startsWith(prefix)) return false
  const next = url[prefix.length]
  return next === undefined || next === '/' || next === '?'
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}
