import type { Action } from '../../domain/policy.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a caller must be permitted to do. The server refuses to start with a route that does not say. */
    action?: Action
  }
  /** What @fastify/swagger reads; declared here too, so that a face need not load it. */
  interface FastifySchema {
    summary?: string
    tags?: readonly string[]
    hide?: boolean
  }
}
