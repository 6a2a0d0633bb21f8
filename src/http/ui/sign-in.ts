import { CatalogueError } from '../../domain/errors.ts'
import type { DeclarePage } from './page-route.ts'

/** Has the browser ask for a token, where nothing else would: it sends one only after it was refused. There is no session to begin. */
export function signInPage(page: DeclarePage): void {
  page(
    '/sign-in',
    async ({ request: { identity, rejected }, query: { to }, frame }) => {
      if (identity.kind !== 'anonymous') return { to: `${frame.root}${isPage(to) ? to : 'ui/'}?done=signed-in` }
      const how = 'sign in with any name as the user, and a token of this service as the password'
      throw new CatalogueError('unauthenticated', rejected ?? how)
    },
    'public'
  )
}

/** A path of ours, relative to the root of this server, and nothing that a browser would follow to another one. */
const isPage = (to: string | undefined): to is string => to !== undefined && /^ui\/[\w%.~!*'(),;:@&=+$/-]*$/.test(to)
