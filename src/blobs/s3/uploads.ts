import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import type { ByteSource, FinishOptions, NewUpload, Put, Upload, Uploads } from '../blob-store.ts'
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

interface UploadAccess {
  bucket: Bucket
  states: UploadStates
}

interface KeptById {
  id: string
  kept: Kept
}

export function s3Uploads(bucket: Bucket, withinLimit: Slots): { uploads: Uploads; live: () => Promise<LiveUploads> } {
  const busy = createBusy()
  const states = uploadStates(bucket)
  const access: UploadAccess = { bucket, states }
  const uploads: Uploads = {
    create: (upload) => create(states, upload),
    async get(id) {
      const kept = await states.load(id)
      return kept && toUpload(id, kept.state)
    },
    append: (piece) => busy(piece.id, () => withinLimit(() => append(access, piece))),
    read: (id) => read(access, id),
    finish: (id, options) => busy(id, () => finish(access, { ...options, id })),
    end: (id, note) =>
      busy(id, async () => {
        const change = { note, ended: true, touched: new Date().toISOString() }
        return closeUpload(access, { id, kept: await states.must(id), change })
      }),
    discard: (id) =>
      busy(id, async () => {
        const kept = await states.load(id)
        if (kept) await drop(access, { id, kept })
        return kept !== undefined
      }),
    async *list() {
      for await (const { id, kept } of states.all()) yield toUpload(id, kept.state)
    }
  }
  return { uploads, live: () => live(states) }
}

async function live(states: UploadStates): Promise<LiveUploads> {
  const found: LiveUploads = { ids: new Set(), multiparts: new Set() }
  for await (const { id, kept } of states.all()) {
    found.ids.add(id)
    if (kept.state.multipart) found.multiparts.add(kept.state.multipart.id)
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
  await states.save(id, { state, tail: Buffer.alloc(0), tag: '' })
  return toUpload(id, state)
}

async function drop({ bucket, states }: UploadAccess, { id, kept: { state } }: KeptById): Promise<void> {
  await dropObject(bucket, states.nameOf(id)) // first: without its state the rest is a leftover
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

async function append(
  { bucket, states }: UploadAccess,
  { id, at, source }: { id: string; at: number; source: ByteSource }
): Promise<Upload> {
  let { state, tail, tag } = await states.must(id)
  checkOpen(id, state)
  checkOffset(id, { at, ...state })
  const digest = await createResumableDigest(state.digest)
  const { size } = state
  let arrived = at
  const keep = async (change: Partial<S3UploadState>, rest: Buffer) => {
    state = { ...state, ...change, touched: new Date().toISOString() }
    tag = await states.save(id, { state, tail: rest, tag })
  }
  // A part and then its state are being sent while the next part fills: the queue of one keeps their order.
  const queue = createQueue(1)
  const cutting = cutParts(source, {
    number: state.tags.length + 1,
    carried: tail,
    onChunk(chunk) {
      arrived += chunk.length
      checkGrowth(arrived, size === undefined ? {} : { size })
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

async function finish(
  access: UploadAccess,
  { id, key, expected, onlyIfAbsent = false, keep = false }: FinishOptions & { id: string }
): Promise<Put> {
  const { bucket, states } = access
  checkKey(key)
  const kept = await states.must(id)
  const { state } = kept
  const before = checkFinish(id, { state, wanted: key })
  if (before) return before
  const stored = { size: state.offset, sha256: (await createResumableDigest(state.digest)).hex() }
  try {
    checkStored(stored, state.sha256 === undefined ? {} : { sha256: state.sha256 })
    checkStored(stored, expected)
  } catch (error) {
    await drop(access, { id, kept })
    throw error
  }
  await refuseConflicts(bucket, key)
  const target = { name: bucket.at(key), facts: { by: id, sha256: stored.sha256 }, onlyIfAbsent }
  const former = await headObject(bucket, target.name)
  const created = former === undefined || former.by === id

  if (onlyIfAbsent && !created) throw alreadyThere(key)
  if (former?.by !== id) await publish(bucket, { id, target, kept })
  const placed: Put = { ...stored, key, created }
  if (keep) await closeUpload(access, { id, kept, change: { placed } })
  else await drop(access, { id, kept })
  return placed
}

/** Keeps the state of an upload, but none of its bytes. */
async function closeUpload(
  { bucket, states }: UploadAccess,
  { id, kept, change }: KeptById & { change: Partial<S3UploadState> }
): Promise<Upload> {
  const { multipart, ...known } = kept.state
  const state: S3UploadState = { ...known, ...change, tags: [] }
  await states.save(id, { state, tail: Buffer.alloc(0), tag: kept.tag })
  if (multipart) await abortMultipart(bucket, multipart)
  await dropObject(bucket, bucket.own.staged + id)
  return toUpload(id, state)
}

async function publish(bucket: Bucket, { id, target, kept }: KeptById & { target: ObjectTarget }): Promise<void> {
  const { multipart, offset } = kept.state
  if (!multipart) return putObject(bucket, { ...target, body: kept.tail })
  const direct = multipart.name === target.name
  const gathered = direct ? target : { name: multipart.name, facts: { by: id }, onlyIfAbsent: false }
  await gather(bucket, { kept, multipart, target: gathered })
  if (!direct) await copyObject(bucket, { ...target, from: multipart.name, size: offset })
}

interface Gathering extends Pick<KeptById, 'kept'> {
  multipart: Multipart
  target: ObjectTarget
}

/** Assembles the parts, unless that was done before. */
async function gather(bucket: Bucket, { kept, multipart, target }: Gathering): Promise<void> {
  const { by } = target.facts
  if ((await headObject(bucket, target.name))?.by === by) return
  const { tail, state } = kept
  const parts: Part[] = state.tags.map((tag, i) => ({ number: i + 1, tag }))
  if (tail.length > 0) parts.push(await sendPart(bucket, { ...multipart, number: state.tags.length + 1, body: tail }))
  await completeMultipart(bucket, { ...target, id: multipart.id, parts })
}

async function read({ bucket, states }: UploadAccess, id: string): Promise<Readable> {
  const kept = await states.must(id)
  const { multipart, placed, offset } = kept.state
  checkReadable(id, kept.state)
  if (!placed && !multipart) return Readable.from(offset === 0 ? [] : [kept.tail])
  if (multipart) await gather(bucket, { kept, multipart, target: { name: multipart.name, facts: { by: id }, onlyIfAbsent: false } })
  const from = placed ? bucket.at(placed.key) : bucket.own.staged + id
  const reply = await bucket.find((o) => bucket.client.send(new GetObjectCommand({ Bucket: bucket.name, Key: from }), o))
  if (!reply || reply.ContentLength !== offset) throw bytesGone(id)
  return reply.Body as Readable // in Node it is the HTTP response
}
