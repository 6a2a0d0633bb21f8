import type { Action, Identity } from '../../domain/policy.ts'

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
  interface FastifyRequest {
    /** Who sends it; anonymous until the guard has looked. */
    identity: Identity
    /** Why the token that was presented is not valid. */
    rejected?: string | undefined
    /**
     * Asks the policy again, once a handler knows which ids, or paths such as `/storage/hello.tar`, the request changes. The action is the
     * route's unless another is given. Throws unauthenticated, forbidden.
     */
    permit(names: readonly string[], action?: Action): void
  }
}
