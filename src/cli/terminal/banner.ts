import type { Config } from '../../config/config.ts'
import { program } from '../../config/program.ts'
import { tokenCommand } from '../../domain/policy.ts'
import { maskSecrets } from '../../domain/secrets.ts'

/** What a person needs to know at the start, on one screen. */
export function banner(config: Config, listening: string): string {
  // a certificate is for a name, which 127.0.0.1 is not
  const url = (config.tls && config.publicUrl) ?? listening
  const server = url === defaultUrl ? '' : ` --url ${url}`
  return `
Leporello ${program.version} listens on ${listening}

  API        ${url}/api/v0.1  (HySDS's MOZART_REST_URL; also /api/v0.2)
  pages      ${url}/ui/  (every route, to try: ${url}/docs)
  data       ${whereData(config)}
  tarballs   ${whereTarballs(config)}  (${url}/storage/)
  access     ${accessWords(config)}

Try:
  npx leporello register hello:1 --digest sha256:0 amd64=s3://bucket/hello-1.tar.gz arm64=s3://bucket/hello-1-arm64.tar.gz${server}
  npx leporello resolve hello:1 aarch64${server}
  curl -f '${url}/api/v0.1/container/info?id=hello:1'
${config.engine ? '' : advice}`
}

/** Who may do what, and how to make a token for those who need one. */
export function accessWords({ policy, access }: Pick<Config, 'policy' | 'access'>): string {
  if (policy === 'open') return 'open: everyone who reaches this address may read and write'
  if (policy === 'read-only') return 'read-only: writes are refused'
  const why = access.isDefault ? ', as other machines can reach it (LEPORELLO_POLICY)' : ''
  const others = policy === 'read' ? `everyone may read, and writes need a token${why}` : 'everything needs a token'
  return `${policy}: ${others}; make one with\n             ${tokenCommand('register')}  (in ${access.tokens})`
}

const defaultUrl = 'http://127.0.0.1:8888'

const whereData = ({ engine, data, indices }: Config): string =>
  engine ? `${engine.urls.join(', ')}  (indices ${Object.values(indices).join(', ')})` : `${data}  (embedded store)`

export const whereTarballs = ({ objects }: Pick<Config, 'objects'>): string =>
  objects.kind === 'local'
    ? objects.directory
    : `s3://${objects.bucket}/${objects.prefix}${objects.endpoint ? ` at ${maskSecrets(objects.endpoint)}` : ''}`

const advice = `
The embedded store is for one machine and one process. Other HySDS programs read the search engine directly, so a cluster
runs on Elasticsearch or OpenSearch: set LEPORELLO_STORE=elasticsearch and LEPORELLO_ENGINE_URL.
`
