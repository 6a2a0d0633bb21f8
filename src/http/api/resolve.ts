import type { FastifyInstance } from 'fastify'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { type Description, json } from '../shared/describes.ts'
import { invalid, problem } from './descriptions.ts'
import { parseFlag, strictQuery } from './input.ts'

const describes: Description = {
  summary: 'The one image that a machine can run',
  description: 'Refused rather than given an image of another architecture. Counted as demand for the architecture that is asked for.',
  tags: ['images'],
  params: { $ref: 'id-parameter.json#' },
  querystring: { $ref: 'resolution-query.json#' },
  response: {
    200: { description: 'The image.', content: json('resolution.json#') },
    400: invalid,
    404: problem('There is no such container, or it has no image for that architecture: `available` names those that there are.'),
    409: problem('The image is proven to be for another architecture, or is gone.'),
    503: problem('A store does not answer; try again.')
  }
}

/** What `container/resolve` tells Mozart's clients, without the envelope. */
export function resolveRoutes(app: FastifyInstance, { containers }: Pick<Catalogue, 'containers'>): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/api/v1/containers/:id/resolve',
    config: { action: 'container:read', describes },
    handler: async (request, reply) => {
      const { arch, force } = strictQuery(request, ['arch', 'force'])
      if (!arch) {
        throw new CatalogueError(
          'parameter_missing',
          'query: arch must be supplied: the architecture of a machine, such as x86_64 or aarch64'
        )
      }
      const { id } = request.params as { id: string }
      const { resolution } = await containers.resolve(id, arch, { force: parseFlag(force, 'force') })
      return reply.send(resolution)
    }
  })
}
