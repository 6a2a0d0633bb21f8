import { S3Client } from '@aws-sdk/client-s3'
import { CatalogueError } from '../../domain/errors.ts'

export interface S3Options {
  bucket: string
  region?: string
  /** Default: Amazon's. */
  endpoint?: string
  /** Where presigned URLs lead. Default: the endpoint; `none`: there are no such URLs. */
  publicEndpoint?: string
  /** The prefix of every object's name, such as `leporello/`. */
  prefix?: string
  /** Puts the bucket into the path instead of the host name, as most servers other than Amazon's require. */
  pathStyle?: boolean
  /** When absent, the SDK's own chain finds them: AWS_ACCESS_KEY_ID, profiles, the machine's role. */
  credentials?: { accessKeyId: string; secretAccessKey: string }
  /** How long a request is retried before it fails with store_unavailable. */
  patienceMs?: number
}

export type Bucket = ReturnType<typeof openBucket>

type BucketRequest<T> = (options: { abortSignal: AbortSignal }) => Promise<T>

interface BucketAskOptions {
  /** How long one attempt may take when it moves much data; then the patience counts from the first failure. */
  attemptMs?: number
}

/** Returns S3's name and status of an error, from its own error or from the CatalogueError that wraps it. */
export function bucketRefusal(error: unknown): { name: string; status: number | undefined } {
  const { name = '', $metadata } = Object(error instanceof CatalogueError ? error.cause : error)
  return { name, status: $metadata?.httpStatusCode }
}

const full = new Set(['QuotaExceeded', 'XMinioStorageFull', 'InsufficientStorage'])

// 409: of two concurrent conditional writes, S3 wants one to be sent again.
const again = new Set(['SlowDown', 'Throttling', 'ThrottlingException', 'RequestTimeout', 'ConditionalRequestConflict', 'OperationAborted'])

function worthRetrying(error: unknown): boolean {
  const { name, status } = bucketRefusal(error)
  if (again.has(name) || status === 429 || status === 408) return true
  if (status === undefined) return name !== 'CredentialsProviderError'
  return status >= 500 && status !== 501 && status !== 507
}

export function openBucket(options: S3Options) {
  const { bucket, region = 'us-east-1', endpoint, publicEndpoint = endpoint } = options
  const { prefix = '', pathStyle = false, credentials, patienceMs = 4000 } = options
  const clientAt = (endpoint: string | undefined) =>
    new S3Client({
      region,
      forcePathStyle: pathStyle,
      maxAttempts: 1, // we try again ourselves, for as long as the site's patience
      // The signature already covers each part's sha256; a second checksum would only cost time.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: { connectionTimeout: patienceMs },
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials === undefined ? {} : { credentials })
    })
  const client = clientAt(endpoint)
  const start = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`
  const own = `${start}.leporello`
  const ask = askWithin(patienceMs, `${bucket} at ${endpoint ?? `Amazon S3, ${region}`}`)

  return {
    client,
    /** Signs URLs for clients; undefined where they do not reach the bucket. */
    signer: publicEndpoint === 'none' ? undefined : publicEndpoint === endpoint ? client : clientAt(publicEndpoint),
    name: bucket,
    prefix: start,
    /** Returns the object's name for a key. */
    at: (key: string): string => start + key,
    /** Returns the key for an object's name. */
    keyOf: (name: string): string => name.slice(start.length),
    /** The prefixes of our own objects; `checkKey` allows no key there. */
    own: { incoming: `${own}/incoming/`, staged: `${own}/staged/`, uploads: `${own}/uploads/` },
    ask,
    /** Does the same as `ask`, and returns undefined for a 404. */
    async find<T>(request: BucketRequest<T>, options?: BucketAskOptions): Promise<T | undefined> {
      try {
        return await ask(request, options)
      } catch (error) {
        const { name, status } = bucketRefusal(error)
        if (status === 404 && name !== 'NoSuchBucket') return undefined
        throw error
      }
    }
  }
}

function explain(error: unknown, where: string): CatalogueError {
  const { name, status } = bucketRefusal(error)
  const said = `${name}${status ? ` (${status})` : ''}: ${(error as Error).message || 'no answer'}`
  if (status === 507 || full.has(name)) return new CatalogueError('store_full', `the bucket ${where} is full: ${said}`, { cause: error })
  return new CatalogueError('store_unavailable', `the bucket ${where} does not work: ${said}`, { cause: error })
}

/** Returns a function that sends a request, and retries it until it is answered or the patience is over. */
function askWithin(patienceMs: number, where: string) {
  return async <T>(request: BucketRequest<T>, { attemptMs }: BucketAskOptions = {}): Promise<T> => {
    let until = attemptMs === undefined ? Date.now() + patienceMs : undefined
    let answered: unknown // says more than our own timeout
    for (let attempt = 0; ; attempt++) {
      const timeout = new AbortController()
      const timer = setTimeout(() => timeout.abort(), attemptMs ?? Math.max(1, until! - Date.now()))
      try {
        return await request({ abortSignal: timeout.signal })
      } catch (error) {
        until ??= Date.now() + patienceMs
        const pause = Math.min(1000, 50 * 2 ** attempt) * (0.5 + Math.random() / 2)
        if (bucketRefusal(error).status !== undefined || !timeout.signal.aborted) answered = error
        if (!worthRetrying(error) || Date.now() + pause > until) throw explain(answered ?? error, where)
        await new Promise((resolve) => setTimeout(resolve, pause))
      } finally {
        clearTimeout(timer)
      }
    }
  }
}
