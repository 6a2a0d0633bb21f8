import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand
} from '@aws-sdk/client-s3'
import { CatalogueError } from '../../domain/errors.ts'
import type { BlobInfo } from '../blob-store.ts'
import { alreadyThere } from '../expectations.ts'
import { parentsOf } from '../keys.ts'
import { type Bucket, bucketRefusal } from './bucket.ts'
import { createQueue } from './parts.ts'

/** How long one attempt may take to send a part, or to have S3 assemble an object. */
export const partMs = 120_000
const completeMs = 300_000

const mega = 1024 * 1024
const copyPart = 256 * mega
const copiesAtOnce = 4

/** Our metadata on an object. */
export interface ObjectFacts {
  /** Absent for an object under a name of ours whose digest is not known yet. */
  sha256?: string
  /** An id of the write, by which a writer whose answer was lost recognizes its own object. */
  by: string
}

export interface Part {
  number: number
  tag: string
}

export interface Multipart {
  id: string
  name: string
}

export type FoundObject = Omit<BlobInfo, 'key'> & { by?: string }

export async function headObject(bucket: Bucket, name: string): Promise<FoundObject | undefined> {
  const found = await bucket.find((o) => bucket.client.send(new HeadObjectCommand({ Bucket: bucket.name, Key: name }), o))
  return found && factsOf(found, found.ContentLength ?? 0)
}

export function factsOf({ LastModified, Metadata = {} }: HeadObjectCommandOutput, size: number): FoundObject {
  const { sha256, by } = Metadata
  return { size, modified: LastModified ?? new Date(0), ...(sha256 ? { sha256 } : {}), ...(by ? { by } : {}) }
}

const toMetadata = ({ sha256, by }: ObjectFacts): Record<string, string> => ({ by, ...(sha256 ? { sha256 } : {}) })

export async function anythingUnder({ client, name, ...bucket }: Bucket, prefix: string): Promise<string[]> {
  const list = new ListObjectsV2Command({ Bucket: name, Prefix: prefix, MaxKeys: 2 })
  const { Contents = [] } = await bucket.ask((o) => client.send(list, o))
  return Contents.map(({ Key = '' }) => Key)
}

/** Yields every object whose name starts with the prefix. */
export async function* objectsUnder(bucket: Bucket, prefix: string): AsyncGenerator<{ name: string; size: number; modified: Date }> {
  let token: string | undefined
  do {
    const list = new ListObjectsV2Command({ Bucket: bucket.name, Prefix: prefix, ContinuationToken: token })
    const page = await bucket.ask((o) => bucket.client.send(list, o))
    for (const { Key: name = '', Size: size = 0, LastModified: modified = new Date(0) } of page.Contents ?? [])
      yield { name, size, modified }
    token = page.IsTruncated ? page.NextContinuationToken : undefined
  } while (token !== undefined)
}

/** Throws blob_conflict when the key is a folder or lies under a blob. S3 would accept both, but no file system would. */
export async function refuseConflicts(bucket: Bucket, key: string): Promise<void> {
  const parents = parentsOf(key)
  const [under, ...found] = await Promise.all([
    anythingUnder(bucket, `${bucket.at(key)}/`),
    ...parents.map((parent) => headObject(bucket, bucket.at(parent)))
  ])
  const parent = parents.find((_, i) => found[i])
  if (parent !== undefined) throw new CatalogueError('blob_conflict', `${parent} is a file, not a folder`)
  if (under.length > 0) throw new CatalogueError('blob_conflict', `${key} is a folder`)
}

export interface ObjectTarget {
  name: string
  facts: ObjectFacts
  onlyIfAbsent: boolean
}

const conflicts = new Set(['ObjectParentIsFile', 'ExistingObjectIsDirectory'])

/** Makes an object visible. An attempt may be refused because one whose answer was lost succeeded: the object's write id decides. */
async function publish(bucket: Bucket, { name, facts, onlyIfAbsent }: ObjectTarget, write: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await write()
      return
    } catch (error) {
      const refusal = bucketRefusal(error)
      if (refusal.status === 412 || refusal.status === 404) {
        if ((await headObject(bucket, name))?.by === facts.by) return
        if (onlyIfAbsent && refusal.status === 412) throw alreadyThere(bucket.keyOf(name))
      }
      if (!conflicts.has(refusal.name) || attempt === 5) throw error
      // versitygw also answers this for a folder that it is removing along with its last object.
      await refuseConflicts(bucket, bucket.keyOf(name))
    }
  }
}

const condition = (onlyIfAbsent: boolean) => (onlyIfAbsent ? { IfNoneMatch: '*' } : {})

export function putObject(bucket: Bucket, { body, ...target }: ObjectTarget & { body: Buffer }): Promise<void> {
  const { name, facts, onlyIfAbsent } = target
  const put = { Bucket: bucket.name, Key: name, Body: body, Metadata: toMetadata(facts), ...condition(onlyIfAbsent) }
  return publish(bucket, target, () => bucket.ask((o) => bucket.client.send(new PutObjectCommand(put), o), { attemptMs: partMs }))
}

export async function beginMultipart(bucket: Bucket, { name, facts }: Omit<ObjectTarget, 'onlyIfAbsent'>): Promise<Multipart> {
  const create = new CreateMultipartUploadCommand({ Bucket: bucket.name, Key: name, Metadata: toMetadata(facts) })
  const { UploadId: id = '' } = await bucket.ask((o) => bucket.client.send(create, o))
  return { id, name }
}

export async function sendPart(bucket: Bucket, { id, name, number, body }: Multipart & { number: number; body: Buffer }): Promise<Part> {
  const part = { Bucket: bucket.name, Key: name, UploadId: id, PartNumber: number, Body: body }
  const { ETag: tag = '' } = await bucket.ask((o) => bucket.client.send(new UploadPartCommand(part), o), { attemptMs: partMs })
  return { number, tag }
}

export function completeMultipart(bucket: Bucket, given: ObjectTarget & { id: string; parts: readonly Part[] }): Promise<void> {
  const { id, parts, ...target } = given
  const Parts = [...parts].sort((a, b) => a.number - b.number).map(({ number, tag }) => ({ PartNumber: number, ETag: tag }))
  const complete = new CompleteMultipartUploadCommand({
    Bucket: bucket.name,
    Key: target.name,
    UploadId: id,
    MultipartUpload: { Parts },
    ...condition(target.onlyIfAbsent)
  })
  return publish(bucket, target, () => bucket.ask((o) => bucket.client.send(complete, o), { attemptMs: completeMs }))
}

export async function abortMultipart({ client, ...bucket }: Bucket, { id, name }: Multipart): Promise<void> {
  await bucket.find((o) => client.send(new AbortMultipartUploadCommand({ Bucket: bucket.name, Key: name, UploadId: id }), o))
}

export async function dropObject({ client, ...bucket }: Bucket, name: string): Promise<void> {
  await bucket.find((o) => client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: name }), o))
}

/** Copies an object inside S3, of any size, and publishes the copy with its digest. */
export async function copyObject(bucket: Bucket, { from, size, ...target }: ObjectTarget & { from: string; size: number }): Promise<void> {
  const multipart = await beginMultipart(bucket, target)
  const parts: Part[] = []
  const queue = createQueue(copiesAtOnce)
  const source = [bucket.name, ...from.split('/')].map(encodeURIComponent).join('/')
  const step = Math.max(copyPart, Math.ceil(size / 9000))
  try {
    for (let number = 1, first = 0; first < size; number++, first += step) {
      const copy = new UploadPartCopyCommand({
        Bucket: bucket.name,
        Key: target.name,
        UploadId: multipart.id,
        PartNumber: number,
        CopySource: source,
        CopySourceRange: `bytes=${first}-${Math.min(first + step, size) - 1}`
      })
      await queue.start(async () => {
        const { CopyPartResult } = await bucket.ask((o) => bucket.client.send(copy, o), { attemptMs: completeMs })
        parts.push({ number, tag: CopyPartResult?.ETag ?? '' })
      })
    }
    await queue.settle()
    await completeMultipart(bucket, { ...target, id: multipart.id, parts })
  } catch (error) {
    await queue.settle().catch(() => {}) // no part may arrive after the abort
    await abortMultipart(bucket, multipart).catch(() => {}) // otherwise it stays as a leftover; the original error matters more
    throw error
  }
}
