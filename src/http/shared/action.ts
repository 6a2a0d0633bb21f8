import type { Action } from '../../domain/policy.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a caller must be permitted to do. The server refuses to start with a route that does not say. */
    action?: Action
    /** Which face a route belongs to, for metrics and history; 'mozart' unless it says so. */
    face?: string
    /** Whether the route itself says `100 Continue`, at the first byte that it reads; everywhere else it is said at once. */
    beginsUpload?: boolean
  }
  /** What @fastify/swagger reads; declared here too, so that a face need not load it. */
  interface FastifySchema {
    summary?: string
    tags?: readonly string[]
    hide?: boolean
  }
}
