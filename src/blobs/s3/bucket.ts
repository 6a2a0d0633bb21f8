import { S3Client } from '@aws-sdk/client-s3'
import { CatalogueError } from '../../domain/errors.ts'

export interface S3Options {
  bucket: string
  region?: string
  /** Absent: Amazon's. */
  endpoint?: string
  /** The start of every object's name, such as `leporello/`. */
  prefix?: string
  /** The bucket in the path instead of the host name, as most servers other than Amazon's want it. */
  pathStyle?: boolean
  /** Absent: from the SDK's own chain: AWS_ACCESS_KEY_ID, profiles, the machine's role. */
  credentials?: { accessKeyId: string; secretAccessKey: string }
  /** How long a request is tried again before it is refused as store_unavailable. */
  patienceMs?: number
  /** Puts and pieces of uploads that send at once; each holds up to four parts in memory. */
  uploadsAtOnce?: number
}

export interface Bucket {
  client: S3Client
  name: string
  /** The object's name for a key. */
  at(key: string): string
  /** The key of an object's name. */
  keyOf(name: string): string
  prefix: string
  /** Where our own objects are; `checkKey` allows no key there. */
  own: { incoming: string; staged: string; uploads: string }
  /** Sends a request, again and again, until it is answered or the patience is over. */
  ask<T>(request: (options: { abortSignal: AbortSignal }) => Promise<T>, options?: BucketAskOptions): Promise<T>
  /** Does the same, and returns undefined for a 404. */
  find<T>(request: (options: { abortSignal: AbortSignal }) => Promise<T>, options?: BucketAskOptions): Promise<T | undefined>
}

export interface BucketAskOptions {
  /** How long one attempt may take when it moves much data: then patience counts from the first failure. */
  attemptMs?: number
}

interface Refusal {
  name: string
  status: number | undefined
}

/** Returns what S3 said, from its own error or from ours made of it. */
export function refusalOf(error: unknown): Refusal {
  const refused = Object(error instanceof CatalogueError ? error.cause : error) as {
    name?: string
    $metadata?: { httpStatusCode?: number }
  }
  return { name: refused.name ?? '', status: refused.$metadata?.httpStatusCode }
}

const full = new Set(['QuotaExceeded', 'XMinioStorageFull', 'InsufficientStorage'])

// 409: two conditional writes at once, of which S3 wants one sent again.
const again = new Set(['SlowDown', 'Throttling', 'ThrottlingException', 'RequestTimeout', 'ConditionalRequestConflict', 'OperationAborted'])

function worthRetrying(error: unknown): boolean {
  const { name, status } = refusalOf(error)
  if (again.has(name) || status === 429 || status === 408) return true
  if (status === undefined) return name !== 'CredentialsProviderError'
  return status >= 500 && status !== 501 && status !== 507
}

export function openBucket({
  bucket,
  region = 'us-east-1',
  endpoint,
  prefix = '',
  pathStyle = false,
  credentials,
  patienceMs = 4000
}: S3Options): Bucket {
  const client = new S3Client({
    region,
    forcePathStyle: pathStyle,
    maxAttempts: 1, // we try again ourselves, for as long as the site's patience
    // The signature covers each part's sha256 already; a second checksum would cost and prove nothing.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: patienceMs },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials })
  })
  const start = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`
  const own = `${start}.leporello`
  const where = `${bucket} at ${endpoint ?? `Amazon S3, ${region}`}`

  function explain(error: unknown): CatalogueError {
    const { name, status } = refusalOf(error)
    const said = `${name}${status ? ` (${status})` : ''}: ${(error as Error).message || 'no answer'}`
    if (status === 507 || full.has(name)) return new CatalogueError('store_full', `the bucket ${where} is full: ${said}`, { cause: error })
    return new CatalogueError('store_unavailable', `the bucket ${where} does not work: ${said}`, { cause: error })
  }

  const ask: Bucket['ask'] = async (request, { attemptMs } = {}) => {
    let until = attemptMs === undefined ? Date.now() + patienceMs : undefined
    let answered: unknown // says more than that our own time was over
    for (let attempt = 0; ; attempt++) {
      const timeout = new AbortController()
      const timer = setTimeout(() => timeout.abort(), attemptMs ?? Math.max(1, until! - Date.now()))
      try {
        return await request({ abortSignal: timeout.signal })
      } catch (error) {
        until ??= Date.now() + patienceMs
        const pause = Math.min(1000, 50 * 2 ** attempt) * (0.5 + Math.random() / 2)
        if (refusalOf(error).status !== undefined || !timeout.signal.aborted) answered = error
        if (!worthRetrying(error) || Date.now() + pause > until) throw explain(answered ?? error)
        await new Promise((resolve) => setTimeout(resolve, pause))
      } finally {
        clearTimeout(timer)
      }
    }
  }

  return {
    client,
    name: bucket,
    prefix: start,
    at: (key) => start + key,
    keyOf: (name) => name.slice(start.length),
    own: { incoming: `${own}/incoming/`, staged: `${own}/staged/`, uploads: `${own}/uploads/` },
    ask,
    async find(request, options) {
      try {
        return await ask(request, options)
      } catch (error) {
        const { name, status } = refusalOf(error)
        if (status === 404 && name !== 'NoSuchBucket') return undefined
        throw error
      }
    }
  }
}
