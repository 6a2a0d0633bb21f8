import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import { CatalogueError } from '../../domain/errors.ts'
import type { Action } from '../../domain/policy.ts'
import { undescribed } from '../shared/describes.ts'
import { notSupported, refuseWith } from '../shared/errors.ts'
import { type PublicAddress, scriptName } from '../shared/public-url.ts'
import { stillWaits } from '../shared/upload-body.ts'
import { davDescriptions } from './descriptions.ts'
import { root } from './paths.ts'
import { createPropfind } from './propfind.ts'
import { createRead } from './read.ts'
import { createMakeFolder, createPut, createRemove, type DavWriting } from './write.ts'

const allowed = 'OPTIONS, GET, HEAD, PUT, DELETE, MKCOL, PROPFIND'
/** What WebDAV and HTTP have, and we have not: locks (class 2), copies within the server, properties that clients set. */
const unsupported = ['POST', 'PATCH', 'COPY', 'MOVE', 'LOCK', 'UNLOCK', 'PROPPATCH']

/** Tarballs by path: plain HTTP for curl and workers, and the part of WebDAV (class 1) that osaka, rclone and davfs need to put and get. */
export async function davFace(app: FastifyInstance, { address, ...writing }: DavWriting & { address: PublicAddress }): Promise<void> {
  for (const method of ['MKCOL', 'PROPFIND', ...unsupported.slice(2)]) app.addHttpMethod(method, { hasBody: true })
  app.setErrorHandler(refuse)
  const reading = { blobs: writing.blobs, rootFor: (request: FastifyRequest) => `${scriptName(request, address)}${root}` }

  route('GET', 'object:read', createRead(reading))
  route('HEAD', 'object:read', createRead(reading))
  route('PROPFIND', 'object:read', createPropfind(reading))
  route('PUT', 'object:write', createPut(writing))
  route('DELETE', 'object:delete', createRemove(writing))
  route('MKCOL', 'object:write', createMakeFolder(writing))
  route('OPTIONS', 'public', async (_request, reply) =>
    reply.headers({ allow: allowed, dav: '1', 'ms-author-via': 'DAV', 'content-length': 0 }).send()
  )
  for (const method of unsupported) {
    route(method, 'object:read', async (request, reply) => {
      reply.header('allow', allowed)
      throw Object.assign(new Error(notSupported(request, allowed.split(', '))), { statusCode: 405 })
    })
  }

  function route(method: string, action: Action, handler: RouteHandlerMethod): void {
    const describes = davDescriptions[method]
    for (const url of [root, `${root}/*`]) {
      const config = { face: 'dav', action, beginsUpload: method === 'PUT', describes: (url !== root && describes) || undescribed }
      app.route({ method, url, config, handler })
    }
  }
}

/** As text for people with curl; as a problem (RFC 9457) for clients that accept JSON. */
function refuse(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, message } = refuseWith(reply, error)
  if (status === 405) reply.header('allow', allowed)
  if (status !== 416) reply.removeHeader('content-range')
  // the unsent rest would be read as the next request
  if (stillWaits(request.raw)) reply.header('connection', 'close')
  if (!/[/+]json\b/i.test(request.headers.accept ?? '')) {
    return reply.header('content-type', 'text/plain; charset=utf-8').send(`${message}\n`)
  }
  const code = error instanceof CatalogueError ? error.code : undefined
  const problem = { type: 'about:blank', title: STATUS_CODES[status], status, detail: message, instance: request.originalUrl, code }
  return reply.header('content-type', 'application/problem+json').send(Buffer.from(JSON.stringify(problem)))
}
