/** What openapi.yaml says about a route. `npm run generate` reads it; requests never do. */
export interface Description {
  summary: string
  description?: string | undefined
  tags: readonly string[]
  /** Left out of openapi.yaml, such as a page for browsers. */
  hide?: boolean | undefined
  /** References into schemas/, such as `{ $ref: 'id-parameter.json#' }`. */
  params?: SchemaRef | undefined
  querystring?: SchemaRef | undefined
  headers?: SchemaRef | undefined
  /** One schema whatever the media type, or one for each. */
  body?:
    | SchemaRef
    | { content: { [type: string]: { schema: SchemaRef | { type: 'string'; format: 'binary'; examples?: readonly string[] } } } }
    | undefined
  /** Media types of a body that has one schema. */
  consumes?: readonly string[] | undefined
  response?: Record<number, DescribedAnswer>
}

type SchemaRef = { $ref: string }

export interface DescribedAnswer {
  description: string
  /** By media type; absent for an answer without a body. */
  content?: DescribedContent
}

type DescribedContent = Record<
  string,
  { schema: SchemaRef | { type: 'string'; format?: 'binary' } | { type: 'object' } | { description: string }; example?: unknown }
>

declare module 'fastify' {
  interface FastifyContextConfig {
    describes?: Description
  }
}

export const json = ($ref: string, example?: unknown): DescribedContent => ({
  'application/json': { schema: { $ref }, ...(example !== undefined && { example }) }
})

export const textContent = (example: string, type = 'text/plain'): DescribedContent => ({ [type]: { schema: { type: 'string' }, example } })

/** YAML is parsed before it is compared with a schema. */
export const yaml = (example: string): DescribedContent => ({ 'application/yaml': { schema: { type: 'object' }, example } })

/** A route that openapi.yaml leaves out. */
export const undescribed: Description = { summary: '', tags: [], hide: true }
