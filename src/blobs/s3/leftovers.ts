import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3'
import type { Leftover } from '../blob-store.ts'
import type { Bucket } from './bucket.ts'
import { abortMultipart, dropObject, type Multipart, objectsUnder } from './objects.ts'
import type { UploadStates } from './upload-states.ts'

/** Yields objects and multipart uploads that interrupted writes left. S3 does not list the latter among objects, but bills them. */
export async function* s3Leftovers(
  { bucket, all }: UploadStates,
  { before, remove = false }: { before: Date; remove?: boolean }
): AsyncGenerator<Leftover> {
  const { incoming, staged } = bucket.own
  const gathered: Leftover[] = []
  for (const [folder, what] of [
    [incoming, 'a blob that was never finished'],
    [staged, 'bytes of an upload without a state']
  ] as const) {
    for await (const { name, size, modified } of objectsUnder(bucket, folder)) gathered.push({ name, size, modified, what })
  }
  const open: (Leftover & { id: string })[] = []
  for await (const { id, name, modified } of openMultiparts(bucket)) {
    open.push({ id, name, modified, what: `parts of an object that was never put together (multipart upload ${id})` })
  }
  // Read last, so that an upload that begins meanwhile is known before its first part.
  const [ids, multiparts] = [new Set<string>(), new Set<string>()]
  for await (const { id, state } of all()) {
    ids.add(id)
    if (state.multipart) multiparts.add(state.multipart.id)
  }

  for (const leftover of gathered) {
    if (leftover.modified >= before || ids.has(leftover.name.slice(-32))) continue
    yield leftover
    if (remove) await dropObject(bucket, leftover.name)
  }
  for (const { id, ...leftover } of open) {
    if (leftover.modified >= before || multiparts.has(id)) continue
    yield leftover
    if (remove) await abortMultipart(bucket, { id, name: leftover.name })
  }
}

async function* openMultiparts(bucket: Bucket): AsyncGenerator<Multipart & { modified: Date }> {
  let next: { KeyMarker: string | undefined; UploadIdMarker: string | undefined } | undefined
  do {
    const list = new ListMultipartUploadsCommand({ Bucket: bucket.name, Prefix: bucket.prefix, ...next })
    const page = await bucket.ask((o) => bucket.client.send(list, o))
    for (const { Key: name = '', UploadId: id = '', Initiated: modified = new Date(0) } of page.Uploads ?? []) yield { id, name, modified }
    next = page.IsTruncated ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker } : undefined
  } while (next)
}
