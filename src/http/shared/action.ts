import type { Action } from '../../domain/policy.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the policy must permit. The server refuses to start with a route that has none. */
    action?: Action
    /** The face of the route, for metrics and history; default 'mozart'. */
    face?: string
    /** Whether the route sends `100 Continue` itself, when it reads the first byte; for other routes the server sends it at once. */
    beginsUpload?: boolean
    /** Whether a worker pulls by the URL in the answer, so that its secrets are given. */
    toPullBy?: boolean
  }
  /** Members that @fastify/swagger reads; declared here so that no face has to load it. */
  interface FastifySchema {
    summary?: string
    tags?: readonly string[]
    hide?: boolean
  }
}
