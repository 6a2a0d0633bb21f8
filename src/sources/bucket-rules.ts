import { globMatches } from '../domain/glob.ts'

/** One entry of VERIFY_BUCKETS: buckets on AWS, or on a server that the entry names. */
export interface BucketRule {
  /** With or without `*` and `?`. */
  bucket: string
  /** `http://minio:9000`: its scheme decides whether keys and bytes are sent unencrypted. */
  endpoint?: URL
}

/** Parses `images`, `hysds-*` or `http://minio:9000/images`. Returns undefined for anything else. */
export function parseBucketRule(text: string): BucketRule | undefined {
  if (/^[a-z0-9*?][a-z0-9.*?_-]*$/i.test(text)) return { bucket: text }
  const [, origin, bucket] = /^(https?:\/\/[^/?#@\s]+)\/([a-z0-9*?][a-z0-9.*?_-]*)$/i.exec(text) ?? []
  if (origin === undefined || !URL.canParse(origin)) return undefined
  return { bucket: bucket!, endpoint: new URL(origin) }
}

/** A server as an s3:// URL names it; `s3s` asks for TLS. */
export interface S3Server {
  host: string
  port?: string
  secure: boolean
}

/** Returns the rule that allows a bucket, on the given server if there is one. */
export const bucketRule = (rules: readonly BucketRule[], at: { bucket: string; server?: S3Server | undefined }): BucketRule | undefined =>
  rules.find(
    (rule) =>
      globMatches(rule.bucket, at.bucket) && (rule.endpoint ? at.server !== undefined && isAt(rule.endpoint, at.server) : !at.server)
  )

/** Returns whether any rule names the server: then the first part of s3://server/bucket/key is not a bucket. */
export const isListedServer = (rules: readonly BucketRule[], server: S3Server): boolean =>
  rules.some(({ endpoint }) => endpoint && isAt(endpoint, server))

function isAt(endpoint: URL, { host, port, secure }: S3Server): boolean {
  const usual = endpoint.protocol === 'https:' ? '443' : '80'
  return endpoint.hostname === host && (endpoint.port || usual) === (port ?? usual) && (!secure || endpoint.protocol === 'https:')
}
