import type { IncomingMessage } from 'node:http'

export const isUploadPath = (path: string): boolean => path.startsWith('/api/v1/uploads/')

const overridden: ReadonlySet<string> = new Set(['PATCH', 'DELETE', 'HEAD'])

/**
 * Takes a POST for the method that X-HTTP-Method-Override names. tus 1.0 demands it, for clients behind proxies that let no PATCH
 * through; the policy then decides on that method, as on any other request.
 */
export function overrideMethod(message: IncomingMessage): void {
  const method = message.headers['x-http-method-override']
  if (message.method === 'POST' && typeof method === 'string' && overridden.has(method.toUpperCase())) message.method = method.toUpperCase()
}
