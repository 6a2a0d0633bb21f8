import type { FastifyReply, FastifyRequest } from 'fastify'
import { CatalogueError } from '../../domain/errors.ts'
import { maxManifest } from '../../domain/oci/manifest.ts'
import { checkDigestName, isDigest } from '../../domain/oci/names.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import { declaredLength, hasBody, mediaType, readBody } from '../shared/body.ts'
import { causeOf } from '../shared/cause.ts'
import { clientOf } from '../shared/trusted-proxies.ts'
import { sendOn, uploadBody } from '../shared/upload-body.ts'
import type { OciRequest, Of } from './reading.ts'
import { unsupported } from './refusals.ts'

/** POST begins an upload, or stores or mounts a blob at once. */
export async function post(call: OciRequest): Promise<FastifyReply> {
  const { request, reply, oci, path } = call
  if (path?.kind !== 'uploads') return unsupported(request)
  const { repository } = path
  const { digest, mount, from } = queryOf(call)
  if (mount !== undefined && from !== undefined && isDigest(mount) && (await oci.uploads.mount({ repository, from, digest: mount }))) {
    return created(reply, { repository, digest: mount })
  }
  if (digest === undefined) return accepted(reply, repository, await oci.uploads.begin(repository, { client: clientOf(request) }))
  checkDigestName(digest)
  await oci.uploads.store({ repository, digest, source: bodyOf(call), size: declaredLength(request.raw) })
  return created(reply, { repository, digest })
}

/** PATCH appends a chunk, or a stream of unknown length. */
export async function patch(call: OciRequest): Promise<FastifyReply> {
  const { request, reply, oci, path } = call
  if (path?.kind !== 'upload') return unsupported(request)
  const { at } = await chunkOf({ ...call, path })
  return accepted(reply, path.repository, await oci.uploads.append({ ...path, at, source: bodyOf(call) }))
}

/** PUT stores a manifest, or ends an upload. */
export async function put(call: OciRequest): Promise<FastifyReply> {
  const { path } = call
  if (path?.kind === 'manifest') return putManifest({ ...call, path })
  if (path?.kind !== 'upload') return unsupported(call.request)
  const { request, reply, oci } = call
  const { repository, upload } = path
  const digest = checkDigestName(queryOf(call).digest ?? '')
  if (hasBody(request.raw)) {
    const { at, offset } = await chunkOf({ ...call, path })
    if (offset === 0) {
      await oci.uploads.store({ repository, digest, source: bodyOf(call), size: declaredLength(request.raw) })
      await oci.uploads.discard(path)
      return created(reply, { repository, digest })
    }
    await oci.uploads.append({ ...path, at, source: bodyOf(call) })
  }
  await oci.uploads.finish({ repository, upload, digest })
  return created(reply, { repository, digest })
}

/** GET of an upload tells how far it came. */
export async function uploadStatus({ reply, oci, path }: Of<'upload'>): Promise<FastifyReply> {
  return withUpload(reply, path.repository, await oci.uploads.get(path))
    .code(204)
    .send()
}

/** DELETE of an upload, a blob, a manifest or a tag. */
export async function remove(call: OciRequest): Promise<FastifyReply> {
  const { request, reply, oci, path } = call
  switch (path?.kind) {
    case 'upload':
      await oci.uploads.discard(path)
      return reply.code(204).send()
    case 'blob':
      request.permit([`${path.repository}@${path.digest}`])
      await oci.removeBlob(path)
      return reply.code(202).send()
    case 'manifest':
      request.permit([nameOf(path)])
      await oci.remove({ ...path, cause: causeOf(request), permit: (ids) => request.permit(ids) })
      return reply.code(202).send()
    default:
      return unsupported(request)
  }
}

async function putManifest({ request, reply, oci, path, publicUrl, reading }: Of<'manifest'>): Promise<FastifyReply> {
  const { repository, reference } = path
  // by its digest it is content: what names it is permitted by itself
  if (!isDigest(reference)) request.permit([nameOf(path)])
  sendOn(request.raw, reply.raw)
  const bytes = await readBody(request.raw, { ...reading, limit: maxManifest })
  const { digest, subject } = await oci.push({
    repository,
    reference,
    bytes,
    contentType: mediaType(request) || undefined,
    ...originOf(request.headers['x-origin']),
    publicUrl: publicUrl(),
    cause: causeOf(request),
    permit: (ids) => request.permit(ids)
  })
  if (subject !== undefined) reply.header('oci-subject', subject)
  return reply
    .code(201)
    .headers({ location: `/v2/${repository}/manifests/${reference}`, 'docker-content-digest': digest, 'content-length': 0 })
    .send()
}

/** A client that copies images says where from. */
const originOf = (header: string | string[] | undefined): { origin?: string } =>
  typeof header === 'string' && header !== '' ? { origin: maskSecrets(header).slice(0, 500) } : {}

const nameOf = ({ repository, reference }: { repository: string; reference: string }): string =>
  `${repository}${isDigest(reference) ? '@' : ':'}${reference}`

function queryOf({ request }: OciRequest): Partial<Record<'digest' | 'mount' | 'from', string>> {
  const query = request.query as Record<string, unknown>
  return Object.fromEntries(['digest', 'mount', 'from'].flatMap((name) => (typeof query[name] === 'string' ? [[name, query[name]]] : [])))
}

const bodyOf = ({ request, reply, stallMs }: OciRequest) =>
  uploadBody({ message: request.raw, response: reply.raw, stallMs, fate: 'what came can be continued' })

/** Returns where a chunk begins, and where the upload is; tells a client whose chunk cannot follow. */
async function chunkOf({ request, reply, oci, path }: Of<'upload'>): Promise<{ at: number | undefined; offset: number }> {
  const at = firstByteOf(request)
  const upload = await oci.uploads.get(path)
  if (at !== undefined && at !== upload.offset) withUpload(reply, path.repository, upload)
  return { at, offset: upload.offset }
}

/** Reads Content-Range: in the specification it is `<first>-<last>`, without a unit. */
function firstByteOf(request: FastifyRequest): number | undefined {
  const header = request.headers['content-range']
  if (header === undefined) return undefined
  const [, first, last] = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/.exec(header) ?? []
  if (first === undefined)
    throw new CatalogueError('range_invalid', `Content-Range is ${JSON.stringify(header.slice(0, 100))}; expected <first>-<last>`)
  const length = request.headers['content-length']
  if (length !== undefined && Number(last) - Number(first) + 1 !== Number(length)) {
    throw new CatalogueError('size_mismatch', `Content-Range is ${header}, but Content-Length is ${length}`)
  }
  return Number(first)
}

const created = (reply: FastifyReply, { repository, digest }: { repository: string; digest: string }): FastifyReply =>
  reply
    .code(201)
    .headers({ location: `/v2/${repository}/blobs/${digest}`, 'docker-content-digest': digest, 'content-length': 0 })
    .send()

type BegunUpload = Awaited<ReturnType<OciRequest['oci']['uploads']['begin']>>

const accepted = (reply: FastifyReply, repository: string, upload: BegunUpload): FastifyReply =>
  withUpload(reply, repository, upload).code(202).header('content-length', 0).send()

const withUpload = (reply: FastifyReply, repository: string, { id, offset }: BegunUpload): FastifyReply =>
  reply.headers({ location: `/v2/${repository}/blobs/uploads/${id}`, range: `0-${Math.max(offset - 1, 0)}`, 'docker-upload-uuid': id })
