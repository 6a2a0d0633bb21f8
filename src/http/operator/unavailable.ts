import type { FastifyInstance } from 'fastify'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { type ContainerRecord, fromDocument } from '../../domain/container/document.ts'
import { architecturesOf, requestedArchitecture, resolveImage } from '../../domain/container/resolution.ts'
import { isCatalogueError } from '../../domain/errors.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import type { UnavailableReport } from '../../schemas.ts'
import { json, textContent } from '../shared/describes.ts'

type Params = { id: string; architecture: string }

/** The guard URL: a worker that was sent here has no image to run, and finds in its log which images exist. */
export function unavailableRoutes(app: FastifyInstance, catalogue: Catalogue): void {
  app.route<{ Params: Params }>({
    method: ['GET', 'HEAD'],
    url: '/unavailable/:id/:architecture',
    config: { action: 'public', describes: description },
    handler: async ({ params, headers }, reply) => {
      const report = await reportOf(catalogue, params)
      reply.code(404)
      if (!prefersText(headers.accept)) return report
      return reply.header('content-type', 'text/plain; charset=utf-8').send(`${report.message}\n`)
    }
  })
}

async function reportOf({ containers }: Catalogue, { id, architecture }: Params): Promise<UnavailableReport> {
  const document = await containers.info(id)
  if (document === undefined) return { message: `container not found: ${id}`, container: id, architecture, available: [] }
  const record = fromDocument(id, document)
  const available = architecturesOf(record)
  return { message: reason(record, architecture), container: id, architecture, available }
}

function reason(record: ContainerRecord, architecture: string): string {
  try {
    const { source } = resolveImage(record, requestedArchitecture(architecture))
    if (source === 'url') return `${record.id} names no architectures now, only one image; read the container again`
    return `${record.id} has an image for ${architecture} by now; read the container again`
  } catch (error) {
    if (!isCatalogueError(error)) throw error
    return maskSecrets(error.message)
  }
}

/** People and shells accept text, programs JSON or anything. */
const prefersText = (accept: string | undefined): boolean => /^\s*text\//i.test(accept ?? '')

const example = {
  message: 'hello:1 has no image for arm64; it has: amd64',
  container: 'hello:1',
  architecture: 'arm64',
  available: ['amd64']
}

const description = {
  summary: 'The guard URL: why there is no image',
  description:
    "A container's record has this URL where an unmodified worker would otherwise take another architecture's image. JSON, or text for a client that prefers text.",
  tags: ['operations'],
  params: { $ref: 'guard-parameters.json#' },
  response: {
    404: {
      description: 'Always, with the architectures that exist.',
      content: { ...json('unavailable-report.json#', example), ...textContent(`${example.message}\n`) }
    },
    503: { description: 'The store does not answer.', content: json('refusal.json#') }
  }
}
