import { scopesOf, signatureOf } from '../../domain/policy.ts'
import { wayTo } from '../shared/public-url.ts'
import { type ApiParts, answer, type DeclareRoute } from './route.ts'

const links = {
  access: '/api/v1/access',
  containers: '/api/v1/containers',
  deleted: '/api/v1/deleted',
  architectures: '/api/v1/architectures',
  events: '/api/v1/events',
  uploads: '/api/v1/uploads',
  openapi: '/openapi.yaml',
  docs: '/docs'
}

/** Tells a client who it is taken for, for `leporello doctor` and for people whose token does not work. */
export function accessRoute(route: DeclareRoute, { policy }: ApiParts): void {
  route('GET /access', {
    action: 'public',
    tag: 'operations',
    summary: 'Who I am here, and what I may do',
    answers: { 200: answer('As the request was authenticated, if it was.', 'access-report.json') },
    async handler({ request: { identity, rejected = null } }) {
      const { match = null, expires } = identity
      const who = { policy, identity: signatureOf(identity), scopes: scopesOf(policy, identity) }
      return { ...who, match, expires: expires?.toISOString() ?? null, rejected }
    }
  })
}

/** Leads a client that knows only the address of the API to everything else. */
export function startRoute(route: DeclareRoute, { address }: ApiParts): void {
  for (const path of ['', '/']) {
    route(`GET ${path}`, {
      action: 'container:read',
      tag: 'operations',
      summary: 'Where to begin',
      hide: path === '/',
      answers: { 200: answer('Links to the rest.', 'api-start.json') },
      async handler({ request }) {
        const ways = Object.entries(links).map(([name, to]) => [name, wayTo(to, { request, address })])
        return { name: 'leporello', links: Object.fromEntries(ways) }
      }
    })
  }
}
