import type { FastifyInstance } from 'fastify'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { json } from '../shared/describes.ts'

export type Indices = Record<keyof Catalogue['describe'], string>

const collections = { containers: 'container:read', jobSpecs: 'spec:read', hysdsIos: 'spec:read' } as const

/** Answers as Elasticsearch 7 does, so that an operator's `curl <engine>/containers/_doc/<id>?pretty` works against our port. */
export function documentRoutes(app: FastifyInstance, { catalogue, indices }: { catalogue: Catalogue; indices: Indices }): void {
  for (const [collection, action] of Object.entries(collections) as [keyof Indices, 'container:read' | 'spec:read'][]) {
    const describe = catalogue.describe[collection]
    app.route<{ Params: { id: string }; Querystring: { pretty?: string } }>({
      method: ['GET', 'HEAD'],
      url: `/${indices[collection]}/_doc/:id`,
      config: { action, describes: descriptionOf(indices[collection]) },
      handler: async ({ params, query }, reply) => {
        const pretty = query.pretty !== undefined && query.pretty !== 'false'
        const { found, body } = await describe(params.id, { pretty })
        return reply
          .code(found ? 200 : 404)
          .header('content-type', 'application/json; charset=UTF-8')
          .send(body)
      }
    })
  }
}

const descriptionOf = (index: string) => ({
  summary: `A document of the index ${index}, as the engine has it`,
  description: "The engine's own answer; on the embedded store one in the same form.",
  tags: ['operations'],
  params: { $ref: 'id-parameter.json#' },
  querystring: { $ref: 'pretty-parameter.json#' },
  response: {
    200: { description: 'The document.', content: json('engine-document.json#') },
    404: { description: 'There is none.', content: json('engine-document.json#', { _index: index, _id: 'hello:2', found: false }) },
    503: { description: 'The store does not answer.', content: json('refusal.json#') }
  }
})
