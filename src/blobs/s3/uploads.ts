import { Readable } from 'node:stream'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import type { ByteSource } from '../blob-store.ts'
import { alreadyThere, checkGrowth } from '../expectations.ts'
import { createResumableDigest } from '../resumable-digest.ts'
import type { Placing, UploadKeeping } from '../uploads.ts'
import type { Bucket } from './bucket.ts'
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
import { createQueue, cutParts, sizeOfParts } from './parts.ts'
import type { S3Upload, S3UploadState, UploadStates } from './upload-states.ts'

export function s3Uploads(states: UploadStates): UploadKeeping<S3Upload> {
  const { bucket } = states
  const dropStaged = (id: string) => dropObject(bucket, bucket.own.staged + id)
  return {
    create: async (id, state) => void (await states.save({ id, state: { ...state, tags: [] }, tail: Buffer.alloc(0), tag: '' })),
    load: states.load,
    all: states.all,
    append: (kept, source) => append(states, kept, source),
    read: (kept) => read(bucket, kept),
    digestOf: async ({ state }) => (await createResumableDigest(state.digest)).hex(),
    place: (kept, placing) => place(bucket, kept, placing),
    async close({ id, tag, state: { multipart, ...known } }, change) {
      const state: S3UploadState = { ...known, ...change, tags: [] }
      await states.save({ id, state, tail: Buffer.alloc(0), tag })
      if (multipart) await abortMultipart(bucket, multipart)
      await dropStaged(id)
      return state
    },
    async drop({ id, state }) {
      await dropObject(bucket, states.nameOf(id)) // first: without its state the rest is a leftover
      if (state.multipart) await abortMultipart(bucket, state.multipart)
      await dropStaged(id)
    }
  }
}

/** Begins a multipart upload to the blob's own name when its key and digest are known, otherwise to a name of ours. */
const begin = (bucket: Bucket, { id, state: { key, sha256 } }: Pick<S3Upload, 'id' | 'state'>): Promise<Multipart> =>
  beginMultipart(
    bucket,
    key !== undefined && sha256 !== undefined
      ? { name: bucket.at(key), facts: { by: id, sha256 } }
      : { name: bucket.own.staged + id, facts: { by: id } }
  )

async function append({ bucket, save }: UploadStates, kept: S3Upload, source: ByteSource): Promise<S3UploadState> {
  const { id } = kept
  let { state, tag } = kept
  const digest = await createResumableDigest(state.digest)
  let arrived = state.offset
  const keep = async (change: Partial<S3UploadState>, tail: Buffer) => {
    state = { ...state, ...change, touched: new Date().toISOString() }
    tag = await save({ id, state, tail, tag })
  }
  // A part and then its state are being sent while the next part fills: the queue of one keeps their order.
  const queue = createQueue(1)
  const cutting = cutParts(source, {
    number: state.tags.length + 1,
    carried: kept.tail,
    onChunk(chunk) {
      arrived += chunk.length
      checkGrowth(arrived, state)
      digest.update(chunk)
    },
    async take({ number, body }, free) {
      const sofar = digest.save()
      await queue.start(async () => {
        const multipart = state.multipart ?? (await begin(bucket, { id, state }))
        const part = await sendPart(bucket, { ...multipart, number, body })
        await keep({ multipart, tags: [...state.tags, part.tag], offset: sizeOfParts(number), digest: sofar }, Buffer.alloc(0))
        free()
      })
    }
  })
  // Nothing of this piece may still be in progress when another begins.
  const { ending, last } = await cutting.finally(() => queue.settle())
  await keep({ offset: arrived, digest: digest.save() }, last.body)
  if (ending.broken) throw ending.error
  return state
}

async function place(bucket: Bucket, kept: S3Upload, { key, sha256, onlyIfAbsent }: Placing): Promise<boolean> {
  await refuseConflicts(bucket, key)
  const target = { name: bucket.at(key), facts: { by: kept.id, sha256 }, onlyIfAbsent }
  const former = await headObject(bucket, target.name)
  if (former?.by === kept.id) return true
  if (onlyIfAbsent && former) throw alreadyThere(key)
  await publish(bucket, kept, target)
  return former === undefined
}

async function publish(bucket: Bucket, kept: S3Upload, target: ObjectTarget): Promise<void> {
  const { multipart, offset } = kept.state
  if (!multipart) return putObject(bucket, { ...target, body: kept.tail })
  const direct = multipart.name === target.name
  await gather(bucket, kept, direct ? target : { name: multipart.name, facts: { by: kept.id }, onlyIfAbsent: false })
  if (!direct) await copyObject(bucket, { ...target, from: multipart.name, size: offset })
}

/** Assembles the parts of a multipart upload, unless that has been done already. */
async function gather(bucket: Bucket, { tail, state }: S3Upload, target: ObjectTarget): Promise<void> {
  if ((await headObject(bucket, target.name))?.by === target.facts.by) return
  const multipart = state.multipart!
  const parts: Part[] = state.tags.map((tag, i) => ({ number: i + 1, tag }))
  if (tail.length > 0) parts.push(await sendPart(bucket, { ...multipart, number: state.tags.length + 1, body: tail }))
  await completeMultipart(bucket, { ...target, id: multipart.id, parts })
}

async function read(bucket: Bucket, kept: S3Upload): Promise<Readable | undefined> {
  const { id, state, tail } = kept
  const { multipart, placed, offset } = state
  if (!placed && !multipart) return Readable.from(offset === 0 ? [] : [tail])
  if (multipart) await gather(bucket, kept, { name: multipart.name, facts: { by: id }, onlyIfAbsent: false })
  const from = placed ? bucket.at(placed.key) : bucket.own.staged + id
  const reply = await bucket.find((o) => bucket.client.send(new GetObjectCommand({ Bucket: bucket.name, Key: from }), o))
  return reply?.ContentLength === offset ? (reply.Body as Readable) : undefined // in Node it is the HTTP response
}
