import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { CatalogueError } from '../../domain/errors.ts'
import { isUniqueName } from '../keys.ts'
import type { KeptUpload, KeptUploadState } from '../uploads.ts'
import { type Bucket, bucketRefusal } from './bucket.ts'
import { type Multipart, objectsUnder, partMs } from './objects.ts'

/** The state of an upload: the first line of one object, followed by the bytes that do not fill a part yet. */
export interface S3UploadState extends KeptUploadState {
  multipart?: Multipart
  /** ETags of the parts. S3 compares them at the end, and refuses bytes that another replica sent in their place. */
  tags: string[]
}

export interface S3Upload extends KeptUpload {
  state: S3UploadState
  tail: Buffer
  /** The object's ETag: of two replicas that continue the same upload, one is refused. */
  tag: string
}

export type UploadStates = ReturnType<typeof uploadStates>

export function uploadStates(bucket: Bucket) {
  const nameOf = (id: string) => bucket.own.uploads + id

  async function load(id: string): Promise<S3Upload | undefined> {
    if (!isUniqueName(id)) return undefined
    return bucket.find(
      async (o) => {
        const { Body, ETag: tag = '' } = await bucket.client.send(new GetObjectCommand({ Bucket: bucket.name, Key: nameOf(id) }), o)
        const bytes = Buffer.from(await Body!.transformToByteArray())
        const end = bytes.indexOf('\n')
        return { id, state: JSON.parse(bytes.toString('utf8', 0, end)) as S3UploadState, tail: bytes.subarray(end + 1), tag }
      },
      { attemptMs: partMs }
    )
  }

  /** Replaces the state that was loaded with this tag (no tag: a new one), and returns the new tag. Throws upload_conflict. */
  async function save({ id, state, tail, tag }: S3Upload): Promise<string> {
    const condition = tag === '' ? { IfNoneMatch: '*' } : { IfMatch: tag }
    const Body = Buffer.concat([Buffer.from(`${JSON.stringify(state)}\n`), tail])
    const put = new PutObjectCommand({ Bucket: bucket.name, Key: nameOf(id), Body, ...condition })
    try {
      return (await bucket.ask((o) => bucket.client.send(put, o), { attemptMs: partMs })).ETag ?? ''
    } catch (error) {
      if (![404, 412].includes(bucketRefusal(error).status ?? 0)) throw error
      const message = `upload ${id} was changed meanwhile; ask for its offset and go on from there`
      throw new CatalogueError('upload_conflict', message, { cause: error })
    }
  }

  async function* all(): AsyncGenerator<S3Upload> {
    for await (const { name } of objectsUnder(bucket, bucket.own.uploads)) {
      const kept = await load(name.slice(bucket.own.uploads.length))
      if (kept) yield kept
    }
  }

  return { bucket, nameOf, load, save, all }
}
