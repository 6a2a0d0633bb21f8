import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { isCatalogueError } from '../domain/errors.ts'
import { type Life, within } from './life.ts'
import { failureReason, sourceError } from './refusals.ts'

/** How long the server may take. */
export interface Patience {
  /** For name, connection and TLS together. */
  connectMs: number
  /** For an answer's head, and between two pieces of its body. */
  idleMs: number
}

export interface Exchange {
  method: 'GET' | 'HEAD'
  url: URL
  headers: Readonly<Record<string, string>>
  lookup: LookupFunction
  life: Life
  patience: Patience
  /** The URL in a message. */
  what: string
}

const maxHeaderSize = 16 * 1024

/** Sends one request on a new connection, and returns the head of the answer, whatever its status. */
export async function exchange({ method, url, headers, lookup, life, patience, what }: Exchange): Promise<IncomingMessage> {
  const secure = url.protocol === 'https:'
  // our own agents: a global one may use a proxy, which would bypass our checks of addresses
  const agent = secure ? new HttpsAgent({ keepAlive: false }) : new HttpAgent({ keepAlive: false })
  const options = { method, headers, lookup, agent, maxHeaderSize }
  const request = secure ? httpsRequest(url, options) : httpRequest(url, options)
  const head = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve)
    // not `once`: a connection may fail again while it is being closed
    request.on('error', (error) => reject(isCatalogueError(error) ? error : unreachable(what, error)))
  })
  // resolves on failure, too: `head`, which is awaited later, throws the error
  const connected = new Promise<void>((resolve) => {
    request.once('socket', (socket) => socket.once(secure ? 'secureConnect' : 'connect', () => resolve()))
    head.catch(() => {}).finally(resolve)
  })
  request.end()
  try {
    const { connectMs, idleMs } = patience
    await within({ life, ms: connectMs, late: `${what}: no connection within ${connectMs / 1000} s` }, () => connected)
    const late = `${what}: no answer within ${idleMs / 1000} s`
    return await within({ life, ms: idleMs, late }, () => head)
  } catch (error) {
    request.destroy()
    throw error
  }
}

const ownRoots = 'NODE_EXTRA_CA_CERTS=<file> makes a certificate authority known'

function unreachable(what: string, error: Error) {
  const reason = failureReason(error)
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS/.test(reason))
    return sourceError('source_unavailable', `${what}: its certificate was not accepted (${reason}); ${ownRoots}`, error)
  if (reason === 'HPE_HEADER_OVERFLOW')
    return sourceError('source_unavailable', `${what} answered with more than ${maxHeaderSize} bytes of headers`, error)
  if (reason.startsWith('HPE_')) return sourceError('source_unavailable', `${what} did not answer in HTTP (${reason})`, error)
  return sourceError('source_unavailable', `${what} could not be reached (${reason})`, error)
}
