import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Readable } from 'node:stream'
import type { HeadObjectCommandOutput, S3Client } from '@aws-sdk/client-s3'
import { type CatalogueError, isCatalogueError } from '../domain/errors.ts'
import { boundedStream } from './bounded-stream.ts'
import { bucketRule } from './bucket-rules.ts'
import type { Opening } from './http.ts'
import { within } from './life.ts'
import { checkedLookup, checkLiteral } from './reach.ts'
import { failureReason, shownAddress, sourceError } from './refusals.ts'
import type { S3Location } from './s3-location.ts'
import type { OpenSource, SourceInfo } from './source.ts'

export async function openS3(location: S3Location, opening: Opening): Promise<OpenSource> {
  const { GetObjectCommand } = await import('@aws-sdk/client-s3')
  const { client, what } = await connect(location, opening)
  let body: Readable | undefined
  try {
    const command = new GetObjectCommand({ Bucket: location.bucket, Key: location.key })
    const answer = await patiently(what, opening, (abortSignal) => client.send(command, { abortSignal }))
    body = answer.Body as Readable
    const stream = boundedStream(body, { ...opening, what, expected: answer.ContentLength, release: () => client.destroy() })
    return { stream, ...infoOf(answer, what) }
  } catch (error) {
    body?.destroy()
    client.destroy()
    throw error
  }
}

export async function probeS3(location: S3Location, opening: Opening): Promise<SourceInfo> {
  const { HeadObjectCommand } = await import('@aws-sdk/client-s3')
  const { client, what } = await connect(location, opening)
  try {
    const command = new HeadObjectCommand({ Bucket: location.bucket, Key: location.key })
    return infoOf(await patiently(what, opening, (abortSignal) => client.send(command, { abortSignal })), what)
  } finally {
    client.destroy()
  }
}

/** Creates a client for one object, because objects differ in keys, region and server. Throws source_forbidden. */
async function connect(location: S3Location, { policy, resolve }: Opening): Promise<{ client: S3Client; what: string }> {
  const { bucket, key, server, region, credentials } = location
  const at = server ? `${server.host}${server.port ? `:${server.port}` : ''}/` : ''
  const what = shownAddress(`s3://${at}${bucket}/${key}`)
  const rule = bucketRule(policy.buckets, { bucket, server })
  if (!rule) {
    const entry = server ? `https://${at}${bucket} (or http://…)` : bucket
    throw sourceError('source_forbidden', `${what} is in a bucket that may not be read; LEPORELLO_VERIFY_BUCKETS=${entry} would allow it`)
  }
  // a listed server is allowed at any address; AWS's own names resolve to private addresses where the network has an endpoint
  const approach = { what, named: true, remedy: 'nothing' }
  if (rule.endpoint) checkLiteral(rule.endpoint.hostname, approach)
  const lookup = checkedLookup(resolve, approach)
  const { S3Client } = await import('@aws-sdk/client-s3')
  const client = new S3Client({
    ...(rule.endpoint && { endpoint: rule.endpoint.origin, forcePathStyle: true }),
    ...(rule.endpoint ? { region: 'us-east-1' } : { followRegionRedirects: true, ...(region && { region }) }),
    ...(credentials && { credentials }),
    // the caller retries with increasing delays
    maxAttempts: 1,
    // the tarball's own digest is computed anyway
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { httpAgent: new HttpAgent({ lookup }), httpsAgent: new HttpsAgent({ lookup }) }
  })
  return { client, what }
}

async function patiently<T>(what: string, { life, patience }: Opening, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const ms = patience.connectMs + patience.idleMs
  return await within({ life, ms, late: `${what}: no answer within ${ms / 1000} s` }, async (signal) => {
    try {
      return await send(signal)
    } catch (error) {
      throw s3Refusal(what, error)
    }
  })
}

/** Returns the error for a failure of S3 or its client, without S3's own message, which may contain anything. */
function s3Refusal(what: string, error: unknown): CatalogueError {
  if (isCatalogueError(error)) return error
  const { name = '', $metadata } = Object(error) as { name?: string; $metadata?: { httpStatusCode?: number } }
  const status = $metadata?.httpStatusCode
  const unavailable = (words: string) => sourceError('source_unavailable', `${what} ${words}`, error)

  if (/^NoSuch(Key|Bucket|Version)$/.test(name) || status === 404)
    return sourceError('source_gone', `${what} does not exist (${name})`, error)
  if (/Credentials/.test(name)) {
    return unavailable('needs keys, and none were found; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role give them')
  }
  if (status === 401 || status === 403) {
    if (name === 'InvalidObjectState') return unavailable('is archived; it must be restored before it can be read')
    return unavailable(`may not be read with our keys (${name}), or it does not exist and they may not list the bucket`)
  }
  if (status === 301 || name === 'AuthorizationHeaderMalformed') return unavailable('is in another region; set AWS_REGION to that region')
  if (/Region is missing/.test(String((error as Error)?.message))) return unavailable('needs a region; AWS_REGION gives it')
  if (status !== undefined) return unavailable(`was refused by its server (${status} ${name})`)
  return unavailable(`could not be reached (${failureReason(error)})`)
}

const infoOf = ({ ContentLength, ETag, LastModified }: HeadObjectCommandOutput, via: string): SourceInfo => ({
  ...(ContentLength !== undefined && { size: ContentLength }),
  ...(ETag !== undefined && { etag: ETag }),
  ...(LastModified && { modified: LastModified.toISOString() }),
  via
})
