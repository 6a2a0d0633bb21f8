import type { OpenSource } from './source.ts'
import { createSources } from './sources.ts'

/**
 * Opens a tarball by URL, for a command. Its user could fetch the same with curl, so hosts inside the site are allowed, which they are not to a
 * server that reads for any client; metadata addresses stay forbidden. S3 servers are spoken to over TLS except
 * for the configured one, which `s3://bucket/key` then means, too.
 */
export function openForCommand(url: string, { s3Endpoint }: { s3Endpoint?: string | undefined } = {}): Promise<OpenSource> {
  const endpoint = s3Endpoint === undefined ? undefined : new URL(s3Endpoint)
  const [, scheme, host = '', port, path] = /^(s3s?):\/\/(?:[^@/]*@)?([^/:]*)(?::(\d{1,5}))?(\/.*)?$/i.exec(url) ?? []
  const buckets = ['*', ...(endpoint ? [`${endpoint.origin}/*`] : []), ...(port === undefined ? [] : [`https://${host}:${port}/*`])]
  const sources = createSources({ settings: { mode: 'all', hosts: [], buckets, roots: ['/'], anywhere: true } })
  const isBucket = scheme !== undefined && port === undefined && !/\.amazonaws\.com(\.cn)?$/i.test(host)
  // a port is what tells a server from a bucket
  const server = endpoint && `${endpoint.hostname}:${endpoint.port || (endpoint.protocol === 'https:' ? '443' : '80')}`
  return sources.open(server && isBucket ? `s3://${server}/${host}${path ?? ''}` : url)
}
