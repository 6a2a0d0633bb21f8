export interface Room {
  /** Path prefixes within src/ of the files in it. The longest that fits a file is its room. */
  files: string
  /** Path prefixes within src/ that it may import beside itself. */
  mayImport: readonly string[]
  /** Packages; `node:` stands for all of Node's, a trailing `/` for all of a scope. */
  packages: readonly string[]
}

const domain = ['domain/']
const port = ['stores/document-store.ts', 'stores/coalesce.ts', 'domain/']
const faces = ['http/shared/', 'catalogue/', 'domain/', 'schemas.ts']

/** The table of docs/architecture.md. A new room is a new row in both, in the same change. */
export const rooms: readonly Room[] = [
  { files: 'domain/', mayImport: [], packages: [] },
  { files: 'stores/', mayImport: domain, packages: [] },
  { files: 'stores/elasticsearch/', mayImport: port, packages: ['node:', '@elastic/elasticsearch'] },
  { files: 'stores/embedded/', mayImport: port, packages: ['node:', 'libsql'] },
  { files: 'images/', mayImport: domain, packages: ['node:', 'fzstd'] },
  { files: 'blobs/', mayImport: domain, packages: ['node:', 'hash-wasm'] },
  { files: 'blobs/local/', mayImport: ['blobs/', 'domain/'], packages: ['node:'] },
  { files: 'blobs/s3/', mayImport: ['blobs/', 'domain/'], packages: ['node:', '@aws-sdk/'] },
  { files: 'sources/', mayImport: domain, packages: ['node:', 'ipaddr.js', '@aws-sdk/client-s3'] },
  {
    files: 'catalogue/',
    mayImport: ['blobs/blob-store.ts', 'domain/', 'images/', 'sources/source.ts', 'stores/document-store.ts'],
    packages: []
  },
  { files: 'http/shared/', mayImport: ['domain/', 'schemas.ts'], packages: ['fastify', 'node:'] },
  { files: 'http/mozart/', mayImport: faces, packages: ['fastify', '@fastify/', 'node:'] },
  { files: 'http/api/', mayImport: faces, packages: ['fastify', '@fastify/', 'ajv', 'node:'] },
  { files: 'http/dav/', mayImport: ['http/shared/', 'blobs/blob-store.ts', 'domain/', 'schemas.ts'], packages: ['fastify', 'node:'] },
  { files: 'http/operator/', mayImport: faces, packages: ['fastify', 'yaml', 'node:'] },
  {
    files: 'http/',
    mayImport: [
      'http/api/index.ts',
      'http/mozart/index.ts',
      'http/operator/index.ts',
      'http/dav/index.ts',
      'http/shared/',
      'blobs/blob-store.ts',
      'catalogue/',
      'domain/'
    ],
    packages: ['fastify', '@fastify/', 'node:']
  },
  { files: 'observability/', mayImport: ['domain/', 'stores/document-store.ts'], packages: ['pino', 'prom-client'] },
  { files: 'config/', mayImport: ['domain/', 'schemas.ts'], packages: ['ajv', 'node:'] },
  {
    files: 'cli/',
    mayImport: ['app.ts', 'config/', 'domain/', 'images/', 'observability/log.ts', 'schemas.ts', 'sources/command.ts'],
    packages: ['node:', 'close-with-grace']
  },
  { files: 'schemas.ts', mayImport: [], packages: [] },
  {
    files: 'app.ts',
    mayImport: ['blobs/', 'catalogue/', 'config/', 'domain/', 'http/', 'images/', 'observability/', 'schemas.ts', 'sources/', 'stores/'],
    packages: ['fastify', 'node:']
  },
  { files: 'main.ts', mayImport: ['cli/cli.ts'], packages: ['node:'] }
]
