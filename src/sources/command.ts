import type { OpenSource } from './source.ts'
import { createSources } from './sources.ts'

/**
 * Opens a tarball by URL, for a command. The command's user could fetch it with curl, so hosts inside the site are allowed, unlike in a
 * server, which reads for any client; metadata addresses stay forbidden. S3 servers are accessed over TLS, except the configured one, which
 * is also the server of `s3://bucket/key`.
 */
export function openForCommand(url: string, { s3Endpoint }: { s3Endpoint?: string | undefined } = {}): Promise<OpenSource> {
  const endpoint = s3Endpoint === undefined ? undefined : new URL(s3Endpoint)
  const [, scheme, host = '', port, path] = /^(s3s?):\/\/(?:[^@/]*@)?([^/:]*)(?::(\d{1,5}))?(\/.*)?$/i.exec(url) ?? []
  const buckets = ['*', ...(endpoint ? [`${endpoint.origin}/*`] : []), ...(port === undefined ? [] : [`https://${host}:${port}/*`])]
  const sources = createSources({ settings: { mode: 'all', hosts: [], buckets, roots: ['/'], anywhere: true } })
  const isBucket = scheme !== undefined && port === undefined && !/\.amazonaws\.com(\.cn)?$/i.test(host)
  // a port distinguishes a server from a bucket
  const server = endpoint && `${endpoint.hostname}:${endpoint.port || (endpoint.protocol === 'https:' ? '443' : '80')}`
  return sources.open(server && isBucket ? `s3://${server}/${host}${path ?? ''}` : url)
}
