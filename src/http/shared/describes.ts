/** What openapi.yaml says about a route. `npm run generate` reads it; a request never does, so it validates nothing and costs nothing. */
export interface Description {
  summary: string
  description?: string
  tags: readonly string[]
  /** Absent from openapi.yaml, such as a page for browsers. */
  hide?: boolean
  /** Shapes by reference into schemas/, such as `{ $ref: 'id-parameter.json#' }`. */
  params?: Shape
  querystring?: Shape
  headers?: Shape
  /** One shape whatever the media type, or one for each. */
  body?: Shape | { content: { [type: string]: { schema: Shape | { type: 'string'; format: 'binary' } } } }
  /** Media types of the body, where it has one shape. */
  consumes?: readonly string[]
  response?: Record<number, Answer>
}

interface Shape {
  $ref: string
}

export interface Answer {
  description: string
  /** By media type. Absent: no body. */
  content?: Content
}

type Content = Record<
  string,
  {
    schema: Shape | { type: 'string'; format?: 'binary' } | { type: 'object' }
    example?: unknown
    examples?: Record<string, { value: unknown }>
  }
>

declare module 'fastify' {
  interface FastifyContextConfig {
    describes?: Description
  }
}

export const json = ($ref: string, example?: unknown): Content => ({
  'application/json': { schema: { $ref }, ...(example !== undefined && { example }) }
})

export const text = (example: string, type = 'text/plain'): Content => ({ [type]: { schema: { type: 'string' }, example } })

/** YAML is read before it is compared with a shape. */
export const yaml = (example: string): Content => ({ 'application/yaml': { schema: { type: 'object' }, example } })

/** A refusal as RFC 9457 writes it. */
export const problem = (description: string): Answer => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: 'problem.json#' } } }
})
