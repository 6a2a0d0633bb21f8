import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { Description } from '../shared/describes.ts'
import { invalid, problem } from './descriptions.ts'
import { disposition } from './download.ts'
import { strictQuery } from './input.ts'

export interface LayoutRoutes {
  layout: NonNullable<Catalogue['layout']>
  publicUrl: (request: FastifyRequest) => string
}

/** So much of it is made before the client has taken what came before. */
const ahead = 512 * 1024

const describes: Description = {
  summary: 'All images as one OCI layout',
  description:
    'One tar with every architecture under one index, for `skopeo copy oci-archive:…`, `crane push` and the like. What was uploaded as a docker-archive has the manifest that its report names, over its layers as they are unpacked. Without ranges.',
  tags: ['containers'],
  params: { $ref: 'id-parameter.json#' },
  querystring: { $ref: 'layout-query.json#' },
  response: {
    200: { description: 'The tar.', content: { 'application/x-tar': { schema: { type: 'string' } } } },
    400: invalid,
    403: problem('One of its images stands where this site does not read (LEPORELLO_VERIFY).'),
    404: problem('There is no such container.'),
    409: problem('One of its images is not proven to be what it is registered as, or is gone.'),
    422: problem('The bytes of one of its images cannot be read.'),
    503: problem('A store does not answer; try again.')
  }
}

/** A whole container in one file. */
export function layoutRoutes(app: FastifyInstance, { layout, publicUrl }: LayoutRoutes): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/api/v1/containers/:id/download',
    config: { action: 'container:read', describes },
    handler: async (request, reply) => {
      const { format } = strictQuery(request, ['format'])
      if (format !== 'oci')
        throw new CatalogueError('parameter_invalid', 'format: expected oci, the only form in which a container is one file')
      const { id } = request.params as { id: string }
      const { filename, digest, size, bytes } = await layout({ id, publicUrl: publicUrl(request) })
      reply.headers({
        'content-type': 'application/x-tar',
        'content-length': size,
        'content-disposition': disposition(filename),
        'x-content-type-options': 'nosniff',
        'accept-ranges': 'none',
        etag: `"${digest}"`
      })
      if (request.method === 'HEAD') return reply.send()
      return reply.send(Readable.from(bytes(), { objectMode: false, highWaterMark: ahead }))
    }
  })
}
