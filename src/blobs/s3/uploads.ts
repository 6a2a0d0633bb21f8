import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import type { FinishOptions, NewUpload, Put, Upload, Uploads } from '../blob-store.ts'
import { alreadyThere, checkGrowth, checkStored } from '../expectations.ts'
import { checkKey } from '../keys.ts'
import { createResumableDigest } from '../resumable-digest.ts'
import { bytesGone, checkFinish, checkNewUpload, checkOffset, checkOpen, checkReadable, createBusy, toUpload } from '../uploads.ts'
import type { Bucket } from './bucket.ts'
import type { LiveUploads } from './leftovers.ts'
import {
  abortMultipart,
  beginMultipart,
  completeMultipart,
  copyObject,
  dropObject,
  headObject,
  type Multipart,
  type ObjectTarget,
  type Part,
  putObject,
  refuseConflicts,
  sendPart
} from './objects.ts'
import { createQueue, cutParts, type Slots, sizeOfParts } from './parts.ts'
import { type Kept, type S3UploadState, type UploadStates, uploadStates } from './upload-states.ts'

export function s3Uploads(bucket: Bucket, withinLimit: Slots): { uploads: Uploads; live: () => Promise<LiveUploads> } {
  const busy = createBusy()
  const states = uploadStates(bucket)
  const uploads: Uploads = {
    create: (upload) => create(states, upload),
    async get(id) {
      const kept = await states.load(id)
      return kept && toUpload(id, kept.state)
    },
    append: (piece) => busy(piece.id, () => withinLimit(() => append(states, piece))),
    read: (id) => read(states, id),
    finish: (id, options) => busy(id, () => finish(states, id, options)),
    end: (id, note) =>
      busy(id, async () => closeUpload(states, await states.must(id), { note, ended: true, touched: new Date().toISOString() })),
    discard: (id) =>
      busy(id, async () => {
        const kept = await states.load(id)
        if (kept) await drop(states, kept)
        return kept !== undefined
      }),
    async *list() {
      for await (const { id, state } of states.all()) yield toUpload(id, state)
    }
  }
  return { uploads, live: () => live(states) }
}

async function live(states: UploadStates): Promise<LiveUploads> {
  const found: LiveUploads = { ids: new Set(), multiparts: new Set() }
  for await (const { id, state } of states.all()) {
    found.ids.add(id)
    if (state.multipart) found.multiparts.add(state.multipart.id)
  }
  return found
}

async function create(states: UploadStates, { size, note = '', key, sha256 }: NewUpload): Promise<Upload> {
  checkNewUpload({ size, key })
  const id = randomBytes(16).toString('hex')
  const now = new Date().toISOString()
  const state: S3UploadState = { created: now, touched: now, note, offset: 0, tags: [] }
  if (size !== undefined) state.size = size
  if (key !== undefined) state.key = key
  if (sha256 !== undefined) state.sha256 = sha256.toLowerCase()
  await states.save({ id, state, tail: Buffer.alloc(0), tag: '' })
  return toUpload(id, state)
}

async function drop({ bucket, nameOf }: UploadStates, { id, state }: Kept): Promise<void> {
  await dropObject(bucket, nameOf(id)) // first: without its state the rest is a leftover
  if (state.multipart) await abortMultipart(bucket, state.multipart)
  await dropObject(bucket, bucket.own.staged + id)
}

/** Begins a multipart upload to the blob's own name when its key and digest are known, otherwise to a name of ours. */
const begin = (bucket: Bucket, { id, key, sha256 }: Pick<S3UploadState, 'key' | 'sha256'> & { id: string }): Promise<Multipart> =>
  beginMultipart(
    bucket,
    key !== undefined && sha256 !== undefined
      ? { name: bucket.at(key), facts: { by: id, sha256 } }
      : { name: bucket.own.staged + id, facts: { by: id } }
  )

async function append({ bucket, ...states }: UploadStates, { id, at, source }: Parameters<Uploads['append']>[0]): Promise<Upload> {
  let { state, tail, tag } = await states.must(id)
  checkOpen(id, state)
  checkOffset(id, { at, ...state })
  const digest = await createResumableDigest(state.digest)
  let arrived = at
  const keep = async (change: Partial<S3UploadState>, rest: Buffer) => {
    state = { ...state, ...change, touched: new Date().toISOString() }
    tag = await states.save({ id, state, tail: rest, tag })
  }
  // A part and then its state are being sent while the next part fills: the queue of one keeps their order.
  const queue = createQueue(1)
  const cutting = cutParts(source, {
    number: state.tags.length + 1,
    carried: tail,
    onChunk(chunk) {
      arrived += chunk.length
      checkGrowth(arrived, state)
      digest.update(chunk)
    },
    async take({ number, body }, free) {
      const sofar = digest.save()
      await queue.start(async () => {
        const multipart = state.multipart ?? (await begin(bucket, { ...state, id }))
        const part = await sendPart(bucket, { ...multipart, number, body })
        await keep({ multipart, tags: [...state.tags, part.tag], offset: sizeOfParts(number), digest: sofar }, Buffer.alloc(0))
        free()
      })
    }
  })
  // Nothing of this piece may still be in progress when another begins.
  const { ending, last } = await cutting.finally(() => queue.settle())
  tail = last.body
  await keep({ offset: arrived, digest: digest.save() }, tail)
  if (ending.broken) throw ending.error
  return toUpload(id, state)
}

async function finish(states: UploadStates, id: string, options: FinishOptions): Promise<Put> {
  const { bucket } = states
  const { key, expected, onlyIfAbsent = false, keep = false } = options
  checkKey(key)
  const kept = await states.must(id)
  const { state } = kept
  const before = checkFinish(id, { state, wanted: key })
  if (before) return before
  const stored = { size: state.offset, sha256: (await createResumableDigest(state.digest)).hex() }
  try {
    checkStored(stored, state)
    checkStored(stored, expected)
  } catch (error) {
    await drop(states, kept)
    throw error
  }
  await refuseConflicts(bucket, key)
  const target = { name: bucket.at(key), facts: { by: id, sha256: stored.sha256 }, onlyIfAbsent }
  const former = await headObject(bucket, target.name)
  const created = former === undefined || former.by === id

  if (onlyIfAbsent && !created) throw alreadyThere(key)
  if (former?.by !== id) await publish(bucket, kept, target)
  const placed: Put = { ...stored, key, created }
  if (keep) await closeUpload(states, kept, { placed })
  else await drop(states, kept)
  return placed
}

/** Keeps the state of an upload, but none of its bytes. */
async function closeUpload({ bucket, save }: UploadStates, kept: Kept, change: Partial<S3UploadState>): Promise<Upload> {
  const { id, tag } = kept
  const { multipart, ...known } = kept.state
  const state: S3UploadState = { ...known, ...change, tags: [] }
  await save({ id, state, tail: Buffer.alloc(0), tag })
  if (multipart) await abortMultipart(bucket, multipart)
  await dropObject(bucket, bucket.own.staged + id)
  return toUpload(id, state)
}

async function publish(bucket: Bucket, kept: Kept, target: ObjectTarget): Promise<void> {
  const { multipart, offset } = kept.state
  if (!multipart) return putObject(bucket, { ...target, body: kept.tail })
  const direct = multipart.name === target.name
  await gather(bucket, kept, direct ? target : { name: multipart.name, facts: { by: kept.id }, onlyIfAbsent: false })
  if (!direct) await copyObject(bucket, { ...target, from: multipart.name, size: offset })
}

/** Assembles the parts of a multipart upload, unless that has been done already. */
async function gather(bucket: Bucket, { tail, state }: Kept, target: ObjectTarget): Promise<void> {
  if ((await headObject(bucket, target.name))?.by === target.facts.by) return
  const multipart = state.multipart!
  const parts: Part[] = state.tags.map((tag, i) => ({ number: i + 1, tag }))
  if (tail.length > 0) parts.push(await sendPart(bucket, { ...multipart, number: state.tags.length + 1, body: tail }))
  await completeMultipart(bucket, { ...target, id: multipart.id, parts })
}

async function read({ bucket, must }: UploadStates, id: string): Promise<Readable> {
  const kept = await must(id)
  const { multipart, placed, offset } = kept.state
  checkReadable(id, kept.state)
  if (!placed && !multipart) return Readable.from(offset === 0 ? [] : [kept.tail])
  if (multipart) await gather(bucket, kept, { name: multipart.name, facts: { by: id }, onlyIfAbsent: false })
  const from = placed ? bucket.at(placed.key) : bucket.own.staged + id
  const reply = await bucket.find((o) => bucket.client.send(new GetObjectCommand({ Bucket: bucket.name, Key: from }), o))
  if (!reply || reply.ContentLength !== offset) throw bytesGone(id)
  return reply.Body as Readable // in Node it is the HTTP response
}
