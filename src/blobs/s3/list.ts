import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { BlobPage, BlobQuery } from '../blob-store.ts'
import { isKey } from '../keys.ts'
import { checkListQuery, parseCursor, toCursor } from '../listing.ts'
import type { Bucket } from './bucket.ts'

// After every key of a folder: no text contains this last code point.
const lastOf = (place: string): string => (place.endsWith('/') ? `${place}\u{10ffff}` : place)

/** Returns one page in S3's order, without our own objects. The cursor is a place, not S3's token, so no server has to remember it. */
export async function listBucket(bucket: Bucket, query: BlobQuery): Promise<BlobPage> {
  checkListQuery(query)
  const { prefix = '', shallow = false, limit } = query
  const after = parseCursor(query.cursor)
  const list = new ListObjectsV2Command({
    Bucket: bucket.name,
    Prefix: bucket.at(prefix),
    MaxKeys: limit,
    ...(shallow ? { Delimiter: '/' } : {}),
    ...(after === undefined ? {} : { StartAfter: bucket.at(lastOf(after)) })
  })
  const { Contents = [], CommonPrefixes = [], IsTruncated } = await bucket.ask((o) => bucket.client.send(list, o))
  const blobs = Contents.map(({ Key = '', Size: size = 0, LastModified: modified = new Date(0) }) => ({
    key: bucket.keyOf(Key),
    size,
    modified
  }))
  const places = CommonPrefixes.map(({ Prefix = '' }) => bucket.keyOf(Prefix))
  const last = [...blobs.map(({ key }) => key), ...places].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))).at(-1)
  return {
    items: blobs.filter(({ key }) => isKey(key)),
    folders: places.map((place) => place.slice(0, -1)).filter(isKey),
    ...(IsTruncated && last !== undefined ? { next: toCursor(last) } : {})
  }
}
