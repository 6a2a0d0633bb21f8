/* Who may do what at each route, written by hand: the server's own table is what is tested. */

/** What a route asks for: the scope, and what the patterns of an identity are compared with. */
export interface Need {
  scope: 'public' | 'read' | 'register' | 'delete' | 'admin'
  about: 'nothing' | 'id' | 'path' | 'everything'
}

const nobody: Need = { scope: 'public', about: 'nothing' }
const read: Need = { scope: 'read', about: 'nothing' }
const register: Need = { scope: 'register', about: 'id' }
const remove: Need = { scope: 'delete', about: 'id' }
const admin: Need = { scope: 'admin', about: 'everything' }

const image = '/api/v1/containers/:id/images/:architecture'
const unsupported = ['POST', 'PATCH', 'COPY', 'MOVE', 'LOCK', 'UNLOCK', 'PROPPATCH']
const pages = ['', 'doc', 'doc/', '/'].flatMap((page) =>
  ['v0.1', 'v0.2'].map((version) => `/api/${version}${page && `/${page.replace(/^\//, '')}`}`)
)

const routes: readonly [methods: string, paths: readonly string[], need: Need][] = [
  ['GET HEAD', ['/health/live', '/health/ready', '/version', '/unavailable/:id/:architecture', '/api/v1/access'], nobody],
  ['OPTIONS', ['/api/v1/uploads', '/api/v1/uploads/:upload', '/storage', '/storage/*'], nobody],
  ['GET HEAD', ['/', ...pages, '/services', '/metrics', '/openapi.json', '/openapi.yaml'], read],
  ['GET HEAD', ['/api/v0.1/swagger.json', '/api/v0.2/swagger.json', '/docs', '/docs/'], read],
  ['GET HEAD', ['/ui', '/ui/', '/ui/*', '/ui/channels', '/ui/channels/:channel', '/ui/channels/:channel/diff', '/ui/promote'], read],
  ['GET HEAD', ['', '/history', '/compare', '/images/:architecture'].map((path) => `/ui/containers/:id${path}`), read],
  ['GET HEAD', ['/ui/releases', '/ui/releases/:name', '/ui/deleted'], read],
  ['GET HEAD', ['/ui/assets/:version/:file', '/ui/sign-in'], nobody],
  // what a page asks, it asks only of those who may do it
  [
    'GET HEAD POST',
    ['verify', 'expect', 'restore', 'images/:architecture/verify', 'images/:architecture/relabel'].map(
      (path) => `/ui/containers/:id/${path}`
    ),
    register
  ],
  ['GET HEAD POST', ['remove', 'images/:architecture/remove'].map((path) => `/ui/containers/:id/${path}`), remove],
  ['GET HEAD', ['/ui/channels/:channel/promote', '/ui/bring'], { scope: 'register', about: 'nothing' }],
  // which container a form is about is known once it was read
  ['POST', ['/ui/bring'], { scope: 'register', about: 'nothing' }],
  ['POST', ['/ui/channels/:channel/promote'], register],
  ['GET HEAD POST', ['/ui/channels/:channel/roll-back'], register],
  ['GET HEAD', ['/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js', '/docs/favicon-32x32.png'], read],
  ['GET HEAD', ['containers', 'job_specs', 'hysds_ios-mozart'].map((index) => `/${index}/_doc/:id`), read],
  [
    'GET HEAD',
    ['', '/', '/containers', '/deleted', '/events', '/architectures', '/backfill', '/image-list'].map((path) => `/api/v1${path}`),
    read
  ],
  [
    'GET HEAD',
    [
      '',
      ...['resolve', 'download', 'expected', 'builds', 'builds/:architecture', 'tests', 'tests/:architecture', 'wait', 'history'].map(below)
    ],
    read
  ],
  ['GET HEAD', ['history/:revision', 'diff', 'manifest'].map(below), read],
  ['GET HEAD', [image, `${image}/report`, `${image}/download`, '/api/v1/specs/:id/report'], read],
  ['GET', ['/api/v1/uploads', '/api/v1/uploads/:upload', '/api/v1/fsck'], read],
  ['POST', ['/api/v1/plan', '/api/v1/image-list/render', '/api/v1/image-list/discover'], read],
  ['PUT PATCH', [''], register],
  ['DELETE', ['', image], remove],
  ['PUT', [image, ...['expected', 'builds/:architecture', 'tests/:architecture'].map(below)], register],
  ['POST', [`${image}/verify`, `${image}/relabel`, ...['images', 'restore', 'verify', 'backfill'].map(below), '/api/v1/batch'], register],
  ['DELETE', [below('expected')], register],
  [
    'GET HEAD',
    ['', '/:channel', '/:channel/containerfiles', '/:channel/diff', '/:channel/history', '/:channel/history/:number'].map(
      (path) => `/api/v1/channels${path}`
    ),
    read
  ],
  ['PUT', ['/api/v1/channels/:channel'], register],
  ['POST', ['/api/v1/channels/:channel/rollback'], register],
  ['DELETE', ['/api/v1/channels/:channel'], remove],
  ['POST', ['/api/v1/uploads'], register],
  ['HEAD PATCH DELETE', ['/api/v1/uploads/:upload'], register],
  ['POST', ['/api/v1/fsck'], admin],
  [`GET HEAD PROPFIND ${unsupported.join(' ')}`, ['/storage', '/storage/*'], read],
  // the root itself can be neither put nor removed: its handlers say so
  ['PUT MKCOL', ['/storage'], { scope: 'register', about: 'nothing' }],
  ['DELETE', ['/storage'], { scope: 'delete', about: 'nothing' }],
  ['GET HEAD', ['/api/v1/releases', '/api/v1/releases/:name', '/api/v1/containerfiles/:digest'], read],
  ['POST', ['/api/v1/releases'], register],
  ['DELETE', ['/api/v1/releases/:name'], admin],
  ['GET HEAD', ['/api/v1/badge/:id.json', '/api/v1/badge/:id.svg'], read],
  ['GET', ['/v2/token'], nobody],
  ['GET HEAD', ['/v2', '/v2/*'], read],
  // blobs are content: it is manifests that change what a name means
  ['POST PATCH', ['/v2', '/v2/*'], { scope: 'register', about: 'nothing' }],
  ['PUT', ['/v2'], { scope: 'register', about: 'nothing' }],
  ['DELETE', ['/v2'], { scope: 'delete', about: 'nothing' }],
  ['PUT', ['/v2/*'], register],
  ['DELETE', ['/v2/*'], remove],
  ['PUT MKCOL', ['/storage/*'], { scope: 'register', about: 'path' }],
  ['DELETE', ['/storage/*'], { scope: 'delete', about: 'path' }]
]

function below(path: string): string {
  return `/api/v1/containers/:id/${path}`
}

/** Mozart's families under each of its prefixes. */
const mozart: typeof routes = ['', '/api/v0.1', '/api/v0.2'].flatMap((prefix) =>
  ['container', 'job_spec', 'hysds_io'].flatMap((kind): [string, string[], Need][] => {
    const base = `${prefix}/${kind}`
    const info = kind === 'container' ? [`${base}/info`, `${base}/resolve`] : [`${base}/type`]
    return [
      ['GET HEAD', [base, `${base}/list`, ...info], read],
      ['POST', [base, `${base}/add`], register],
      ['DELETE', [base], remove],
      ['GET', [`${base}/remove`], remove]
    ]
  })
)

/** By method and path, as routes are registered; and two paths of the old Mozart, which no route takes. */
export const accessTable: ReadonlyMap<string, Need> = new Map<string, Need>([
  ...[...routes, ...mozart].flatMap(([methods, paths, need]) =>
    methods.split(' ').flatMap((method) => paths.map((path): [string, Need] => [`${method} ${path || '/api/v1/containers/:id'}`, need]))
  ),
  ['GET /job/list', read],
  ['POST /job/submit', admin]
])
