export interface Room {
  /** Path prefixes within src/ of the files in it. The longest that fits a file is its room. */
  files: string
  /** Path prefixes within src/ that it may import beside itself. */
  mayImport: readonly string[]
  /** Packages; `node:` stands for all of Node's, a trailing `/` for all of a scope. */
  packages: readonly string[]
}

const domain = ['domain/']
/** What every room of the domain may import: the files that stand in no room of it, and the shapes of answers. */
const foundations = [
  'schemas.ts',
  ...[
    'architecture',
    'credentials',
    'errors',
    'glob',
    'limits',
    'listening',
    'nearest',
    'pages',
    'percent',
    'policy',
    'request-report',
    'secrets'
  ].map((name) => `domain/${name}.ts`)
]
const port = ['stores/document-store.ts', 'stores/coalesce.ts', 'domain/']
const faces = ['http/shared/', 'catalogue/', 'domain/', 'schemas.ts']

const useCases = (...rooms: string[]): string[] => [
  ...['blobs/blob-store.ts', 'domain/', 'images/', 'schemas.ts', 'sources/source.ts', 'stores/document-store.ts'],
  ...rooms.map((room) => `catalogue/${room}/`)
]

const programs = [
  'access/',
  'app.ts',
  'opening.ts',
  'backups.ts',
  'backup/',
  'config/',
  'domain/',
  'image-lists/',
  'images/',
  'observability/log.ts',
  'registries/',
  'schemas.ts',
  'sources/command.ts'
]

/** The table of docs/architecture.md. A new room is a new row in both, in the same change. */
export const rooms: readonly Room[] = [
  { files: 'domain/', mayImport: [], packages: [] },
  { files: 'domain/json/', mayImport: foundations, packages: [] },
  { files: 'domain/image/', mayImport: [...foundations, 'domain/json/'], packages: [] },
  { files: 'domain/container/', mayImport: [...foundations, 'domain/json/', 'domain/image/'], packages: [] },
  { files: 'domain/build/', mayImport: [...foundations, 'domain/json/', 'domain/image/', 'domain/container/'], packages: [] },
  { files: 'domain/history/', mayImport: [...foundations, 'domain/json/', 'domain/image/', 'domain/container/'], packages: [] },
  {
    files: 'domain/releases/',
    mayImport: [...foundations, 'domain/json/', 'domain/image/', 'domain/container/', 'domain/build/', 'domain/history/entry.ts'],
    packages: []
  },
  { files: 'domain/oci/', mayImport: [...foundations, 'domain/json/', 'domain/image/'], packages: [] },
  ...['domain/lists/', 'domain/specs/'].map((files) => ({
    files,
    mayImport: [...foundations, 'domain/json/', 'domain/image/', 'domain/container/', 'domain/build/'],
    packages: []
  })),
  { files: 'stores/', mayImport: domain, packages: ['node:'] },
  { files: 'stores/elasticsearch/', mayImport: port, packages: ['node:', 'undici'] },
  { files: 'stores/embedded/', mayImport: port, packages: ['node:', 'libsql'] },
  { files: 'images/', mayImport: [...domain, 'schemas.ts'], packages: ['node:', 'fzstd'] },
  { files: 'blobs/', mayImport: domain, packages: ['node:', 'hash-wasm'] },
  { files: 'blobs/local/', mayImport: ['blobs/', 'domain/'], packages: ['node:'] },
  { files: 'blobs/s3/', mayImport: ['blobs/', 'domain/'], packages: ['node:', '@aws-sdk/'] },
  { files: 'sources/', mayImport: domain, packages: ['node:', 'ipaddr.js', '@aws-sdk/client-s3'] },
  { files: 'image-lists/', mayImport: ['domain/', 'schemas.ts'], packages: ['yaml'] },
  { files: 'registries/', mayImport: domain, packages: ['node:'] },
  { files: 'access/', mayImport: ['blobs/local/disk.ts', 'domain/'], packages: ['node:'] },
  { files: 'catalogue/jobs/', mayImport: useCases(), packages: [] },
  { files: 'catalogue/verification/', mayImport: useCases('jobs'), packages: [] },
  { files: 'catalogue/records/', mayImport: useCases('jobs', 'verification'), packages: [] },
  { files: 'catalogue/builds/', mayImport: useCases('jobs', 'verification', 'records'), packages: [] },
  { files: 'catalogue/lists/', mayImport: useCases('jobs', 'verification', 'records', 'builds'), packages: [] },
  { files: 'catalogue/tarballs/', mayImport: useCases('jobs', 'verification', 'records', 'lists'), packages: [] },
  { files: 'catalogue/images/', mayImport: useCases('jobs', 'verification', 'records', 'builds', 'lists'), packages: [] },
  { files: 'catalogue/containers/', mayImport: useCases('jobs', 'verification', 'records', 'builds', 'lists'), packages: [] },
  { files: 'catalogue/history/', mayImport: useCases('jobs', 'verification', 'records', 'lists', 'tarballs'), packages: [] },
  {
    files: 'catalogue/releases/',
    mayImport: useCases('jobs', 'verification', 'records', 'builds', 'lists', 'tarballs', 'containers'),
    packages: []
  },
  {
    files: 'catalogue/oci/',
    mayImport: useCases('jobs', 'verification', 'records', 'builds', 'lists', 'images', 'containers'),
    packages: []
  },
  {
    files: 'catalogue/',
    mayImport: useCases(
      ...['jobs', 'verification', 'records', 'builds', 'lists', 'tarballs', 'images', 'containers', 'history', 'releases', 'oci']
    ),
    packages: []
  },
  { files: 'http/shared/', mayImport: ['domain/', 'image-lists/', 'schemas.ts'], packages: ['fastify', '@fastify/', 'node:'] },
  { files: 'http/mozart/', mayImport: faces, packages: ['fastify', '@fastify/', 'node:'] },
  { files: 'http/api/', mayImport: [...faces, 'image-lists/'], packages: ['fastify', '@fastify/', 'ajv', 'node:'] },
  { files: 'http/dav/', mayImport: ['http/shared/', 'blobs/blob-store.ts', 'domain/', 'schemas.ts'], packages: ['fastify', 'node:'] },
  { files: 'http/oci/', mayImport: faces, packages: ['fastify', 'node:'] },
  { files: 'http/operator/', mayImport: faces, packages: ['fastify', 'yaml', 'node:'] },
  { files: 'http/ui/', mayImport: faces, packages: ['fastify', '@fastify/', 'node:'] },
  { files: 'http/ui/browser/', mayImport: [], packages: [] },
  {
    files: 'http/',
    mayImport: [
      'access/',
      'http/api/index.ts',
      'http/mozart/index.ts',
      'http/oci/index.ts',
      'http/operator/index.ts',
      'http/dav/index.ts',
      'http/ui/index.ts',
      'http/shared/',
      'blobs/blob-store.ts',
      'catalogue/',
      'domain/'
    ],
    packages: ['fastify', '@fastify/', 'node:']
  },
  { files: 'observability/', mayImport: ['domain/', 'stores/document-store.ts'], packages: ['pino', 'prom-client'] },
  { files: 'config/', mayImport: ['domain/', 'schemas.ts'], packages: ['ajv', 'node:'] },
  { files: 'cli/terminal/', mayImport: programs, packages: ['node:'] },
  { files: 'cli/client/', mayImport: [...programs, 'cli/terminal/'], packages: ['node:'] },
  {
    files: 'cli/commands/',
    mayImport: [...programs, 'cli/terminal/', 'cli/client/', 'cli/commands.ts', 'cli/help.ts'],
    packages: ['node:', 'close-with-grace']
  },
  { files: 'cli/', mayImport: [...programs, 'cli/terminal/', 'cli/client/', 'cli/commands/'], packages: ['node:'] },
  { files: 'schemas.ts', mayImport: [], packages: [] },
  {
    files: 'app.ts',
    mayImport: [
      'access/',
      'blobs/',
      'catalogue/',
      'config/',
      'domain/',
      'http/',
      'images/',
      'observability/',
      'opening.ts',
      'schemas.ts',
      'stores/'
    ],
    packages: ['fastify', 'node:']
  },
  {
    files: 'opening.ts',
    mayImport: ['blobs/', 'catalogue/', 'config/', 'domain/', 'observability/log.ts', 'sources/', 'stores/'],
    packages: ['node:']
  },
  {
    files: 'backup/',
    mayImport: [
      'blobs/blob-store.ts',
      'blobs/local/disk.ts',
      'catalogue/containers/',
      'catalogue/jobs/',
      'domain/',
      'stores/document-store.ts'
    ],
    packages: ['node:']
  },
  { files: 'backups.ts', mayImport: ['backup/', 'blobs/', 'catalogue/', 'config/', 'opening.ts', 'stores/'], packages: ['node:'] },
  { files: 'main.ts', mayImport: ['cli/cli.ts'], packages: ['node:'] }
]
