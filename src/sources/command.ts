import type { OpenSource } from './source.ts'
import { createSources } from './sources.ts'

/**
 * A tarball by URL, for a command. Its user could fetch the same with curl, so hosts inside the site are open, which they are not to a
 * server that reads for strangers; what answers on metadata addresses is no tarball for anybody. S3 servers are spoken to over TLS but
 * for the configured one, which is also where `s3://bucket/key` then leads.
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
