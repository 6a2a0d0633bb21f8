import type { Action } from '../../domain/policy.ts'
import type { DocumentKind, Version } from './words.ts'

export type MozartOperation = 'list' | 'add' | 'info' | 'remove' | 'resolve'

export type MozartRoute = ReturnType<typeof of>[number]

const prefixes: [prefix: string, version: Version][] = [
  ['', 'v0.1'],
  ['/api/v0.1', 'v0.1'],
  ['/api/v0.2', 'v0.2']
]
const kinds: DocumentKind[] = ['container', 'job_spec', 'hysds_io']

const read = ['GET', 'HEAD']

/**
 * Both families under every prefix: v0.1's `container/add` and v0.2's `POST container`. The version in the path decides the messages, the
 * family only the spelling: a builder whose address ends in /api/v0.2 posts to /api/v0.2/container/add.
 */
export const mozartRoutes = prefixes.flatMap(([prefix, version]) => kinds.flatMap((kind) => of(kind, prefix, version)))

function of(kind: DocumentKind, prefix: string, version: Version) {
  const base = `${prefix}/${kind}`
  const infoPath = kind === 'container' ? 'info' : 'type'
  const route = (operation: MozartOperation, methods: string[], url: string) => ({
    ...{ kind, operation, version, methods, url },
    action: actionOf(kind, operation),
    /** Whether the body may be a specification, which may be large. */
    large: kind !== 'container' && operation === 'add'
  })
  return [
    route('list', read, `${base}/list`),
    route('add', ['POST'], `${base}/add`),
    route('info', read, `${base}/${infoPath}`),
    // HEAD would remove, as it does in Mozart; link checkers send it
    route('remove', ['GET'], `${base}/remove`),
    route('info', read, base),
    route('add', ['POST'], base),
    route('remove', ['DELETE'], base),
    ...(kind === 'container' ? [route('resolve', read, `${base}/resolve`)] : [])
  ]
}

function actionOf(kind: DocumentKind, operation: MozartOperation): Action {
  const room = kind === 'container' ? 'container' : 'spec'
  if (operation === 'add') return `${room}:write`
  return operation === 'remove' ? `${room}:delete` : `${room}:read`
}
