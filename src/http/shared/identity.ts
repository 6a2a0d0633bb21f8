import type { Action, Identity } from '../../domain/policy.ts'

declare module 'fastify' {
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
