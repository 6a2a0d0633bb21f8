import type { IncomingMessage } from 'node:http'
import { CatalogueError } from '../domain/errors.ts'

type Head = Pick<IncomingMessage, 'httpVersion' | 'headers' | 'rawHeaders'>

/** Returns why not everybody would understand a request in the same way (RFC 9112, 3.2, 6.1, 6.3). Node's parser refuses the rest. */
export function framingFault({ httpVersion, headers, rawHeaders }: Head): CatalogueError | undefined {
  const invalid = (message: string) => new CatalogueError('parameter_invalid', message)
  if (headers.host === undefined) {
    return httpVersion === '1.1' ? invalid('the header Host is missing; every HTTP/1.1 request must have one') : undefined
  }
  if (countHosts(rawHeaders) > 1) return invalid('the header Host is there more than once; expected it once')
  const coding = headers['transfer-encoding']
  if (coding === undefined) return undefined
  if (httpVersion === '1.0') return invalid('HTTP/1.0 knows no Transfer-Encoding; send Content-Length, or HTTP/1.1')
  if (coding.toLowerCase() === 'chunked') return undefined
  if (!/(^|,)\s*chunked$/i.test(coding))
    return invalid('the Transfer-Encoding does not end with chunked, so nobody knows where the body ends')
  return new CatalogueError('coding_unsupported', `the Transfer-Encoding ${JSON.stringify(coding)} is not supported; expected chunked`)
}

/** Node keeps only the first in `headers`. */
function countHosts(rawHeaders: readonly string[]): number {
  let count = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!
    if (name.length === 4 && name.toLowerCase() === 'host') count++
  }
  return count
}
