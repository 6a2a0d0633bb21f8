import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { BlobStore, ByteSource, PutOptions } from '../../blobs/blob-store.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { declaredLength } from '../shared/body.ts'
import { digestFromHeaders } from '../shared/digest-headers.ts'
import { unmetCondition } from '../shared/ranges.ts'
import { uploadBody } from '../shared/upload-body.ts'
import { fileNamedBy, namedBy, parentOf } from './paths.ts'
import { blobUnknown, currentOf } from './read.ts'

export interface DavWriting {
  blobs: BlobStore
  /** How long an upload may pause, in milliseconds. */
  stallMs: number
  /** Refuses to replace or remove a file. */
  checkChange?: ((key: string) => Promise<void>) | undefined
  /** Called for every file that was put; not awaited. */
  onStored?: ((stored: { key: string; sha256: string }) => void) | undefined
  /** Called for every file that was removed; not awaited. */
  onRemoved?: ((key: string) => void) | undefined
}

/** PUT: the body is the file, whole. Folders are made. 201 for a new one, 204 for one that was replaced. */
export const createPut =
  ({ blobs, stallMs, checkChange, onStored }: DavWriting) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const key = fileNamedBy(request)
    refuseParts(request)
    const options = optionsOf(request)
    await checkConditions(request, blobs, key)
    if (checkChange && (await isChanged(blobs, { key, sha256: options.expected?.sha256 }))) await checkChange(key)
    const body = uploadBody({ message: request.raw, response: reply.raw, stallMs })
    const { sha256, created } = await blobs.put(key, checkedMd5(body, request.headers['content-md5']), options).catch((error) => {
      if (!isCatalogueError(error, 'already_exists')) throw error
      throw new CatalogueError('precondition_failed', `${error.message}; it was to be new (If-None-Match)`, { cause: error })
    })
    onStored?.({ key, sha256 })
    return reply
      .code(created ? 201 : 204)
      .header('etag', `"${sha256}"`)
      .send()
  }

/** Returns whether a file gets other bytes; without a digest it may. */
async function isChanged(blobs: BlobStore, { key, sha256 }: { key: string; sha256: string | undefined }): Promise<boolean> {
  const before = await blobs.head(key)
  return before !== undefined && (sha256 === undefined || before.sha256 !== sha256)
}

/** Refuses a part of a file: its client believes that we have the rest. */
function refuseParts({ headers }: FastifyRequest): void {
  if (headers['content-range'] !== undefined) {
    throw new CatalogueError('parameter_invalid', 'Content-Range: a part of a file cannot be put here; send the whole file')
  }
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') {
    throw new CatalogueError('parameter_invalid', `Content-Encoding is ${encoding}; expected none: the bytes are kept as they come`)
  }
}

function optionsOf({ headers, raw }: FastifyRequest): PutOptions {
  const sha256 = digestFromHeaders(headers)
  const size = declaredLength(raw)
  const expected = { ...(sha256 && { sha256 }), ...(size !== undefined && { size }) }
  return { expected, onlyIfAbsent: headers['if-none-match']?.trim() === '*' }
}

/** If-Match is compared before the first byte, so two clients that replace a file at the same time may both succeed. The store decides `If-None-Match: *`. */
async function checkConditions({ method, headers }: FastifyRequest, blobs: BlobStore, key: string): Promise<void> {
  const conditions = ['if-match', 'if-none-match', 'if-unmodified-since'] as const
  if (conditions.every((name) => headers[name] === undefined)) return
  const info = await blobs.head(key)
  if (!unmetCondition(method, headers, info && currentOf(info))) return
  const found = info ? `${key} is ${currentOf(info).etag} now` : `there is no ${key}`
  throw new CatalogueError('precondition_failed', `${found}, which is not what If-Match, If-None-Match or If-Unmodified-Since expects`)
}

/** Yields the bytes; throws digest_mismatch after the last one if their MD5 is not the one in Content-MD5. */
async function* checkedMd5(body: ByteSource, header: string | string[] | undefined): AsyncGenerator<Uint8Array> {
  if (header === undefined) return yield* body
  const hash = createHash('md5')
  for await (const chunk of body) {
    hash.update(chunk)
    yield chunk
  }
  const found = hash.digest('base64')
  if (found !== header)
    throw new CatalogueError('digest_mismatch', `Content-MD5 is ${header}, but the bytes have ${found}; nothing was stored`)
}

/** DELETE: removes a file, or an empty folder: one with contents could be every tarball of a cluster, by a mistake in a script. */
export const createRemove =
  ({ blobs, checkChange, onRemoved }: DavWriting) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { key, slash } = namedBy(request)
    if (key === '') throw new CatalogueError('forbidden', 'the root cannot be removed')
    await checkConditions(request, blobs, key)
    if (!slash) await checkChange?.(key)
    const removed = !slash && (await blobs.remove(key))
    if (removed) onRemoved?.(key)
    if (removed || (await blobs.folders.remove(key))) return reply.code(204).send()
    throw blobUnknown(key)
  }

/** MKCOL: 201; 405 if there is something already; 409 without a parent. */
export const createMakeFolder =
  ({ blobs }: DavWriting) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { key } = namedBy(request)
    if (Number(request.headers['content-length'] ?? 0) > 0 || request.headers['transfer-encoding'] !== undefined) {
      return refused(415, 'MKCOL takes no body')
    }
    if (key === '' || (await blobs.folders.exists(key))) return refused(405, `${key || 'the root'} is there already`)
    if (await blobs.head(key)) return refused(405, `${key} is a file`)
    const parent = parentOf(key)
    if (!(await blobs.folders.exists(parent))) {
      throw new CatalogueError('blob_conflict', `there is no folder ${parent} to make ${key.slice(parent.length + 1)} in`)
    }
    const made = await blobs.folders.make(key)
    return made ? reply.code(201).send() : refused(405, `${key} is there already`)
  }

function refused(statusCode: number, message: string): never {
  throw Object.assign(new Error(message), { statusCode })
}
