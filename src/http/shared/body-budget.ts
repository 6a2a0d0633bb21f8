import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { CatalogueError } from '../../domain/errors.ts'
import { hasBody } from './body.ts'

/** How many bytes the request bodies that are in memory may take, over all requests together. */
export type BodyBudget = ReturnType<typeof createBodyBudget>

const defaultBodyBudget = 256 * 1024 * 1024

/** The size of a body that may use the reserve, in bytes: large bodies that never end must not keep others from registering an image. */
export const smallBytes = 64 * 1024

/** Returns whether a body may take so many bytes while the others take `others`. The last eighth of the budget is for small bodies. */
export const admits = (limit: number, { others, bytes }: { others: number; bytes: number }): boolean =>
  others + bytes <= (bytes <= smallBytes ? limit : limit - limit / 8)

export function createBodyBudget(limit: number = defaultBodyBudget) {
  const held = new Map<IncomingMessage, number>()
  let [used, refused] = [0, 0]

  function giveBack(message: IncomingMessage): void {
    used -= held.get(message) ?? 0
    held.delete(message)
  }

  return {
    /** Notes how many bytes a request's body takes now. Throws bodies_exceeded, and forgets the body, when the budget does not allow it. */
    hold(message: IncomingMessage, bytes: number): void {
      giveBack(message)
      if (!admits(limit, { others: used, bytes })) {
        refused++
        throw new CatalogueError(
          'bodies_exceeded',
          `the bodies of ${held.size} other requests take ${used} of the ${limit} bytes that LEPORELLO_BODY_BUDGET allows; try again later`
        )
      }
      used += bytes
      held.set(message, bytes)
    },
    /** Called once nothing of the body is in use any more. */
    giveBack,
    /** In bytes. */
    used: () => used,
    /** How many bodies were refused. */
    refused: () => refused
  }
}

/** What a body took of the budget is given back when the handler of its request has ended, and not before, even if the client is gone. */
export function giveBodiesBack(app: FastifyInstance, bodies: BodyBudget): void {
  app.addHook('onRoute', (route) => {
    const { handler } = route
    route.handler = function (request, reply) {
      const answer: unknown = handler.call(this, request, reply)
      if (!hasBody(request.raw) || !(answer instanceof Promise)) return answer
      return answer.finally(() => bodies.giveBack(request.raw))
    }
  })
}
