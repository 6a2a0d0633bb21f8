import type { AskServer } from '../../registries/exchange.ts'
import { openRequest, readBytes, type Trust, unreachable, unreachableError } from './http-client.ts'

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
