import { percentDecoded } from '../domain/percent.ts'
import { type BucketRule, isListedServer, type S3Server } from './bucket-rules.ts'
import { shownAddress, sourceError } from './refusals.ts'

export interface S3Location {
  kind: 's3'
  bucket: string
  key: string
  /** A server other than AWS. */
  server?: S3Server
  /** From the URL, if it contains one; otherwise the SDK's own chain decides. */
  region?: string
  credentials?: { accessKeyId: string; secretAccessKey: string }
}

/**
 * Parses s3://bucket/key, and the forms that osaka has accepted over the years: s3://s3-us-west-2.amazonaws.com/bucket/key, and
 * s3://user:secret@host:port/bucket/key. A host is a server when it is AWS's, has a port, or is listed; anything else is a bucket. No URL
 * parser is used: it would encode and normalize paths, and in S3 every character of a key counts.
 */
export function parseS3(text: string, { buckets }: { buckets: readonly BucketRule[] }): S3Location {
  const refuse = (found: string) =>
    sourceError('source_unsupported', `${shownAddress(text)} ${found}; expected s3://bucket/key or s3://server/bucket/key`)
  const [, authority = '', path = ''] = /^s3s?:\/\/([^/?#]*)\/?([^?#]*)/i.exec(text) ?? []
  const [, userinfo, name = '', port] = /^(?:(.*)@)?([^@:]*?)(?::(\d{1,5}))?$/.exec(authority) ?? []
  const host = name.toLowerCase()
  const region = regionOf(host)
  const candidate: S3Server = { host, ...(port !== undefined && { port }), secure: /^s3s:/i.test(text) }
  const isServer = region !== undefined || port !== undefined || isListedServer(buckets, candidate)
  const cut = isServer ? path.indexOf('/') : -1
  const bucket = isServer ? path.slice(0, Math.max(0, cut)) : host
  const key = isServer ? path.slice(cut + 1) : path

  if (!/^[a-z0-9][a-z0-9._-]{0,254}$/i.test(bucket)) throw refuse('names no bucket')
  if (key === '') throw refuse('names no key')
  // a server that normalizes paths would leave the bucket
  if (key.split('/').some((segment) => segment === '.' || segment === '..')) throw refuse('has . or .. in its key')
  const credentials = credentialsOf(userinfo)
  return {
    kind: 's3',
    bucket,
    key,
    ...(isServer && region === undefined && { server: candidate }),
    ...(region && { region }),
    ...(credentials && { credentials })
  }
}

/** Returns the region in a host of AWS's S3, us-east-1 for the host without one; undefined for any other host. */
function regionOf(host: string): string | undefined {
  const [match, region] = /^s3(?:[.-](?:dualstack\.)?([a-z]{2}(?:-[a-z]+)+-\d{1,2}))?\.amazonaws\.com(?:\.cn)?$/.exec(host) ?? []
  return match === undefined ? undefined : (region ?? 'us-east-1')
}

function credentialsOf(userinfo: string | undefined): S3Location['credentials'] {
  const [, user = '', secret = ''] = /^([^:]*):(.*)$/s.exec(userinfo ?? '') ?? []
  return user && secret ? { accessKeyId: percentDecoded(user), secretAccessKey: percentDecoded(secret) } : undefined
}
