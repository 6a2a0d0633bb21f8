import type { Readable } from 'node:stream'
import { GetObjectCommand, type GetObjectCommandOutput, HeadBucketCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { CatalogueError } from '../../domain/errors.ts'
import { createSlots } from '../../domain/slots.ts'
import type { BlobInfo, BlobStore, ByteRange, OpenBlob } from '../blob-store.ts'
import { checkKey } from '../keys.ts'
import { boundsOf, rangeText } from '../ranges.ts'
import { uploadsKeptBy } from '../uploads.ts'
import { type Bucket, bucketRefusal, openBucket, type S3Options } from './bucket.ts'
import { s3Folders } from './folders.ts'
import { s3Leftovers } from './leftovers.ts'
import { listBucket } from './list.ts'
import { dropObject, type FoundObject, factsOf, headObject } from './objects.ts'
import { putBlob } from './put.ts'
import { uploadStates } from './upload-states.ts'
import { s3Uploads } from './uploads.ts'

const week = 7 * 24 * 3600
/** How many puts and pieces of uploads send at once; each holds up to four parts in memory. */
const uploadsAtOnce = 4

/** Opens an existing bucket of any S3 server; any number of servers can share it. This loads the SDK: import it only where S3 is used. */
export async function openS3Blobs(options: S3Options): Promise<BlobStore> {
  const bucket = openBucket(options)
  const withinLimit = createSlots(uploadsAtOnce)
  const states = uploadStates(bucket)
  return {
    put: (...given) => withinLimit(() => putBlob(bucket, given)),
    get: (key, { range } = {}) => get(bucket, key, range),
    head: (key) => head(bucket, key),
    async remove(key) {
      if (!(await head(bucket, key))) return false
      await dropObject(bucket, bucket.at(key))
      return true
    },
    list: (query) => listBucket(bucket, query),
    async presign(key, { seconds, filename }) {
      if (bucket.signer === undefined) return undefined
      const name = filename === undefined ? {} : { ResponseContentDisposition: attachment(filename) }
      const request = new GetObjectCommand({ Bucket: bucket.name, Key: bucket.at(checkKey(key)), ...name })
      return getSignedUrl(bucket.signer, request, { expiresIn: Math.min(Math.max(1, Math.floor(seconds)), week) })
    },
    folders: s3Folders(bucket),
    uploads: uploadsKeptBy(s3Uploads(states), withinLimit),
    available: async () => undefined,
    leftovers: (options) => s3Leftovers(states, options),
    async health() {
      try {
        await bucket.ask((o) => bucket.client.send(new HeadBucketCommand({ Bucket: bucket.name }), o))
        return { ok: true }
      } catch (error) {
        return { ok: false, reason: reasonOf(error, bucket) }
      }
    },
    async close() {
      bucket.client.destroy()
      bucket.signer?.destroy()
    }
  }
}

async function get(bucket: Bucket, key: string, range: ByteRange | undefined): Promise<OpenBlob | undefined> {
  const request = { Bucket: bucket.name, Key: bucket.at(checkKey(key)), ...(range && { Range: `bytes=${rangeText(range)}` }) }
  try {
    const reply = await bucket.find((o) => bucket.client.send(new GetObjectCommand(request), o))
    return reply && openBlob(key, reply, range)
  } catch (error) {
    if (bucketRefusal(error).status !== 416) throw error
    const { size } = (await head(bucket, key)) ?? { size: 0 }
    boundsOf(range, { key, size })
    throw error
  }
}

async function head(bucket: Bucket, key: string): Promise<BlobInfo | undefined> {
  const found = await headObject(bucket, bucket.at(checkKey(key)))
  return found && toInfo(key, found)
}

const toInfo = (key: string, { by: _, ...found }: FoundObject): BlobInfo => ({ key, ...found })

function openBlob(key: string, reply: GetObjectCommandOutput, range: ByteRange | undefined): OpenBlob {
  const size = Number(/\/(\d+)$/.exec(reply.ContentRange ?? '')?.[1] ?? reply.ContentLength ?? 0)
  const stream = reply.Body as Readable // in Node it is the HTTP response
  try {
    return { ...toInfo(key, factsOf(reply, size)), ...boundsOf(range, { key, size }), stream }
  } catch (error) {
    stream.destroy()
    throw error
  }
}

/** Returns the reason of a failed HEAD, which has no body: for the common statuses, in words. */
function reasonOf(error: unknown, { name }: Bucket): string {
  const { status } = bucketRefusal(error)
  const { message } = error as CatalogueError
  if (status === 404) return `${message}: there is no bucket ${name}`
  if (status === 403) return `${message}: the keys are not allowed to use it, or there are none`
  if (status === 301) return `${message}: it is in another region`
  return message
}

/** Writes a file name as RFC 6266 requires: a plain name for old clients, and the exact one. */
function attachment(filename: string): string {
  const plain = filename.replace(/[^A-Za-z0-9 ._+-]/g, '_')
  const real = encodeURIComponent(filename).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename="${plain}"; filename*=UTF-8''${real}`
}
