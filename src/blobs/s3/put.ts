import { createHash } from 'node:crypto'
import type { BlobStore, Put } from '../blob-store.ts'
import { alreadyThere, checkGrowth, checkStored } from '../expectations.ts'
import { checkKey, uniqueName } from '../keys.ts'
import type { Bucket } from './bucket.ts'
import {
  abortMultipart,
  beginMultipart,
  completeMultipart,
  copyObject,
  dropObject,
  headObject,
  type Multipart,
  type Part,
  putObject,
  refuseConflicts,
  sendPart
} from './objects.ts'
import { createQueue, cutParts, type UploadPart } from './parts.ts'

const partsAtOnce = 2

/**
 * Stores a small blob with one request. A large blob is sent in parts: to its own name when its digest is known beforehand, because S3
 * takes an object's metadata before its first byte; otherwise to a name of ours, from which S3 copies it.
 */
export async function putBlob(bucket: Bucket, [key, source, options = {}]: Parameters<BlobStore['put']>): Promise<Put> {
  const { expected, onlyIfAbsent = false } = options
  if (typeof key === 'string') await refuseEarly(bucket, { key, onlyIfAbsent })
  const by = uniqueName()
  const known = typeof key === 'string' && expected?.sha256 ? { key, sha256: expected.sha256.toLowerCase() } : undefined
  const gathered = { name: bucket.own.incoming + by, facts: { by } }
  const hash = createHash('sha256')
  const queue = createQueue(partsAtOnce)
  const parts: Part[] = []
  let size = 0
  let multipart: Multipart | undefined
  let open = false

  const send = async (part: UploadPart) => void parts.push(await sendPart(bucket, { ...multipart!, ...part }))
  try {
    const { ending, last } = await cutParts(source, {
      number: 1,
      onChunk(chunk) {
        size += chunk.length
        checkGrowth(size, expected)
        hash.update(chunk)
      },
      async take(part, free) {
        if (!multipart) {
          multipart = await beginMultipart(bucket, known ? { name: bucket.at(known.key), facts: { by, sha256: known.sha256 } } : gathered)
          open = true
        }
        await queue.start(() => send(part).then(free))
      }
    })
    if (ending.broken) throw ending.error
    const stored = { size, sha256: hash.digest('hex') }
    checkStored(stored, expected)
    const wanted = typeof key === 'string' ? key : checkKey(key(stored))
    if (typeof key !== 'string') await refuseConflicts(bucket, wanted)
    const target = { name: bucket.at(wanted), facts: { by, sha256: stored.sha256 }, onlyIfAbsent }
    const created = onlyIfAbsent || (await headObject(bucket, target.name)) === undefined

    if (!multipart) {
      await putObject(bucket, { ...target, body: last.body })
      return { ...stored, key: wanted, created }
    }
    await queue.start(() => send(last))
    await queue.settle()
    const { id } = multipart as Multipart
    await completeMultipart(bucket, { ...(known ? target : { ...gathered, onlyIfAbsent: false }), id, parts })
    open = false
    if (!known) await copyObject(bucket, { ...target, from: gathered.name, size })
    return { ...stored, key: wanted, created }
  } finally {
    // Whatever cannot be cleaned up now will be reported by leftovers; the blob, or the error, matters more.
    if (open) {
      await queue.settle().catch(() => {}) // no part may arrive after the abort
      await abortMultipart(bucket, multipart!).catch(() => {})
    } else if (multipart && !known) await dropObject(bucket, gathered.name).catch(() => {})
  }
}

/** Refuses a put before gigabytes arrive, where it would be refused at the end. */
async function refuseEarly(bucket: Bucket, { key, onlyIfAbsent }: { key: string; onlyIfAbsent: boolean }): Promise<void> {
  await refuseConflicts(bucket, checkKey(key))
  if (onlyIfAbsent && (await headObject(bucket, bucket.at(key)))) throw alreadyThere(key)
}
