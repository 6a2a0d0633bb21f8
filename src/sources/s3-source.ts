import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Readable } from 'node:stream'
import type { S3Client } from '@aws-sdk/client-s3'
import { boundedStream } from './bounded-stream.ts'
import { bucketRule } from './bucket-rules.ts'
import type { Opening, Surroundings } from './http.ts'
import { type Life, within } from './life.ts'
import { checkedLookup, checkLiteral } from './reach.ts'
import { shownAddress, sourceError } from './refusals.ts'
import type { S3Location } from './s3-location.ts'
import { s3Refusal } from './s3-refusals.ts'
import type { OpenSource, SourceInfo } from './source.ts'

export async function openS3(location: S3Location, { life, maxBytes, ...surroundings }: Opening): Promise<OpenSource> {
  const { GetObjectCommand } = await import('@aws-sdk/client-s3')
  const { client, what } = await connect(location, surroundings)
  let body: Readable | undefined
  try {
    const command = new GetObjectCommand({ Bucket: location.bucket, Key: location.key })
    const answer = await patiently({ life, what, ...surroundings }, (abortSignal) => client.send(command, { abortSignal }))
    body = answer.Body as Readable
    const info = infoOf(answer, what)
    if ((info.size ?? 0) > maxBytes) throw sourceError('too_large', `${what} has ${info.size} bytes; at most ${maxBytes} are read`)
    const { idleMs } = surroundings.patience
    const stream = boundedStream(body, { what, life, idleMs, maxBytes, expected: answer.ContentLength, release: () => client.destroy() })
    return { stream, ...info }
  } catch (error) {
    body?.destroy()
    client.destroy()
    throw error
  }
}

export async function probeS3(location: S3Location, { life, ...surroundings }: Surroundings & { life: Life }): Promise<SourceInfo> {
  const { HeadObjectCommand } = await import('@aws-sdk/client-s3')
  const { client, what } = await connect(location, surroundings)
  try {
    const command = new HeadObjectCommand({ Bucket: location.bucket, Key: location.key })
    return infoOf(await patiently({ life, what, ...surroundings }, (abortSignal) => client.send(command, { abortSignal })), what)
  } finally {
    client.destroy()
  }
}

/** Creates a client for one object, because objects differ in keys, region and server. Throws source_forbidden. */
async function connect(location: S3Location, { policy, resolve }: Surroundings): Promise<{ client: S3Client; what: string }> {
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

async function patiently<T>(
  { life, what, patience }: { life: Life; what: string } & Pick<Surroundings, 'patience'>,
  send: (signal: AbortSignal) => Promise<T>
): Promise<T> {
  const ms = patience.connectMs + patience.idleMs
  return await within({ life, ms, late: `${what}: no answer within ${ms / 1000} s` }, async (signal) => {
    try {
      return await send(signal)
    } catch (error) {
      throw s3Refusal(what, error)
    }
  })
}

interface Head {
  ContentLength?: number | undefined
  ETag?: string | undefined
  LastModified?: Date | undefined
}

const infoOf = ({ ContentLength, ETag, LastModified }: Head, via: string): SourceInfo => ({
  ...(ContentLength !== undefined && { size: ContentLength }),
  ...(ETag !== undefined && { etag: ETag }),
  ...(LastModified && { modified: LastModified.toISOString() }),
  via
})
