import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Oci } from '../../catalogue/oci/oci.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { machineOf } from '../../domain/oci/manifest.ts'
import { acceptedForm, mediaTypes } from '../../domain/oci/media-types.ts'
import type { OciPath } from '../../domain/oci/names.ts'
import type { BodyReading } from '../shared/body.ts'
import { parseRange, rangeApplies, unmetCondition } from '../shared/ranges.ts'
import { unsupported } from './refusals.ts'
import { uploadStatus } from './writing.ts'

export interface OciRequest {
  request: FastifyRequest
  reply: FastifyReply
  oci: Oci
  path: OciPath | undefined
  /** Returns where this service is reached from outside: the tarballs of pushed images are registered there. */
  publicUrl(): string
  /** How long an upload may pause, in milliseconds. */
  stallMs: number
  /** The limits of a pushed manifest. */
  reading: BodyReading
}

export type Of<Kind extends OciPath['kind']> = OciRequest & { path: Extract<OciPath, { kind: Kind }> }

type Answer = Promise<FastifyReply> | FastifyReply

const answers: { [Kind in OciPath['kind']]?: (call: Of<Kind>) => Answer } = {
  base: (call) => sendJson(call, {}),
  catalogue: sendNames,
  tags: sendTags,
  manifest: sendManifest,
  blob: sendBlob,
  upload: uploadStatus,
  referrers: sendReferrers
}

/** GET and HEAD. */
export function read(call: OciRequest): Answer {
  const answer = call.path && answers[call.path.kind]
  return answer ? answer(call as never) : unsupported(call.request)
}

/** With a serializer Fastify adds no charset to the type; and a string, unlike bytes, is sent with the headers in one write. */
const sendText = (reply: FastifyReply, text: string): FastifyReply => reply.serializer(asItIs).send(text)
const asItIs = (text: unknown) => text as string

export function sendJson({ reply }: Pick<OciRequest, 'reply'>, body: object, type = 'application/json'): FastifyReply {
  return sendText(reply.header('content-type', type), JSON.stringify(body))
}

const mostNames = 1000

async function sendTags(call: Of<'tags'>): Promise<FastifyReply> {
  const { oci, path } = call
  const query = nameQuery(call.request)
  const { names, more } = await oci.tags({ repository: path.repository, ...query })
  if (more) linkNext(call, names, `/v2/${path.repository}/tags/list?n=${query.limit}`)
  return sendJson(call, { name: path.repository, tags: names })
}

async function sendNames(call: OciRequest): Promise<FastifyReply> {
  const query = nameQuery(call.request)
  const { names, more } = await call.oci.repositories(query)
  if (more) linkNext(call, names, `/v2/_catalog?n=${query.limit}`)
  return sendJson(call, { repositories: names })
}

function nameQuery({ query }: FastifyRequest): { limit: number; last: string } {
  const { n, last } = query as { n?: unknown; last?: unknown }
  if (n !== undefined && (typeof n !== 'string' || !/^\d{1,9}$/.test(n))) {
    throw new CatalogueError('parameter_invalid', `n is ${JSON.stringify(n)}; expected how many names to list at most`)
  }
  return { limit: n === undefined ? mostNames : Math.min(Number(n), mostNames), last: typeof last === 'string' ? last : '' }
}

function linkNext({ reply }: OciRequest, names: readonly string[], query: string): void {
  const last = names.at(-1)
  if (last !== undefined) reply.header('link', `<${query}&last=${encodeURIComponent(last)}>; rel="next"`)
}

async function sendManifest({ request, reply, oci, path }: Of<'manifest'>): Promise<FastifyReply> {
  const { name, mediaType, text } = await oci.manifest({
    ...path,
    form: acceptedForm(request.headers.accept),
    machine: machineOf(request.headers['user-agent']),
    wanted: request.method === 'GET'
  })
  reply.headers({
    'content-type': mediaType,
    'content-length': Buffer.byteLength(text),
    'docker-content-digest': name,
    etag: `"${name}"`,
    vary: 'accept',
    'x-content-type-options': 'nosniff'
  })
  if (isUnchanged(request, name)) return reply.code(304).removeHeader('content-length').send()
  return request.method === 'HEAD' ? reply.send() : sendText(reply, text)
}

const isUnchanged = ({ method, headers }: FastifyRequest, digest: string): boolean =>
  headers['if-none-match'] !== undefined && unmetCondition(method, { 'if-none-match': headers['if-none-match'] }, contentOf(digest)) === 304

/** Content never changes under its digest. */
const contentOf = (digest: string) => ({ etag: `"${digest}"`, modified: new Date(0) })

async function sendBlob({ request, reply, oci, path }: Of<'blob'>): Promise<FastifyReply> {
  const blob = await oci.blob(path)
  const { name, size } = blob
  reply.headers({
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    'docker-content-digest': name,
    etag: `"${name}"`,
    'x-content-type-options': 'nosniff'
  })
  if (isUnchanged(request, name)) return reply.code(304).send()
  if (request.method === 'HEAD') return reply.header('content-length', size).send()
  const elsewhere = await oci.presign(blob)
  if (elsewhere) return reply.redirect(elsewhere, 307)
  const asked = parseRange(request.headers.range)
  const range = asked && rangeApplies(request.headers, contentOf(name)) ? asked : undefined
  reply.header('content-range', `bytes */${size}`) // for a refused range; corrected below
  const { stream, first, last } = await oci.open(blob, range)
  reply.header('content-length', last - first + 1)
  if (range) reply.code(206).header('content-range', `bytes ${first}-${last}/${size}`)
  else reply.removeHeader('content-range')
  return reply.send(stream)
}

async function sendReferrers(call: Of<'referrers'>): Promise<FastifyReply> {
  const { request, reply, oci, path } = call
  const { artifactType } = request.query as { artifactType?: unknown }
  const all = await oci.referrers(path)
  const isFiltered = typeof artifactType === 'string' && artifactType !== ''
  const manifests = isFiltered ? all.filter((one) => one.artifactType === artifactType) : all
  if (isFiltered) reply.header('oci-filters-applied', 'artifactType')
  return sendJson(call, { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }, mediaTypes.ociIndex)
}
