import type { FastifyRequest } from 'fastify'

/** `PUT is not supported on /api/v1/deleted; GET and HEAD are`. */
export function notSupported({ method, url }: FastifyRequest, allowed: readonly string[]): string {
  const names = allowed.filter((name) => name !== 'OPTIONS')
  const words = names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)} are` : `${names[0] ?? 'only OPTIONS'} is`
  return `${method} is not supported on ${url.split('?', 1)[0]}; ${words}`
}
