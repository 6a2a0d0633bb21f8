import type { FastifyInstance } from 'fastify'
import { CatalogueError } from '../../domain/errors.ts'
import { undescribed } from '../shared/describes.ts'
import '../shared/identity.ts'
import { frameOf, givenTexts, type PageParts } from './page-route.ts'

/** Has the browser ask for a token, where nothing else would: it sends one only after it was refused. There is no session to begin. */
export function signInRoute(app: FastifyInstance, parts: PageParts): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/ui/sign-in',
    config: { action: 'public', describes: undescribed },
    async handler(request, reply) {
      if (request.identity.kind === 'anonymous') {
        throw new CatalogueError(
          'unauthenticated',
          request.rejected ?? 'sign in with any name as the user, and a token of this service as the password'
        )
      }
      const { to } = givenTexts(request)
      return reply.redirect(`${frameOf(request, parts).root}${isPage(to) ? to : 'ui/'}?done=signed-in`, 303)
    }
  })
}

/** A path of ours, relative to the root of this server, and nothing that a browser would follow to another one. */
const isPage = (to: string | undefined): to is string => to !== undefined && /^ui\/[\w%.~!*'(),;:@&=+$/-]*$/.test(to)
