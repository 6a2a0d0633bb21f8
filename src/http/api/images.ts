import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ImageAnswer } from '../../catalogue/images/image-answer.ts'
import type { Images } from '../../catalogue/images/images.ts'
import type { ImageChange } from '../../catalogue/records/image-records.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { BodyBounds } from '../shared/body.ts'
import type { DescribedAnswer } from '../shared/describes.ts'
import { digestFromHeaders } from '../shared/digest-headers.ts'
import { sendOn, uploadBody } from '../shared/upload-body.ts'
import { sendTarball } from './download.ts'
import { withEtag } from './etag.ts'
import { uploadForm } from './form.ts'
import { jsonBody, mediaType, sha256Digits } from './input.ts'
import { type ApiCall, answer, type DeclareRoute } from './route.ts'
import { refuseShape } from './validation.ts'

export interface ImageRoutes {
  images: Images
  bounds: BodyBounds
  /** How long an upload may pause. */
  stallMs: number
}

type ImageCall = Pick<ApiCall<'image-parameters.json', never, never, never>, 'params' | 'change'>
type UploadCall = ImageCall & Pick<ApiCall<never, 'tarball-query.json', never, never>, 'request' | 'reply' | 'query'>

const tag = 'images'
const path = '/containers/:id/images/:architecture'
const missing = 'There is no such container, or it has no image for that architecture: `available` lists those that it has.'
const unreadable = 'Its bytes cannot be read, or do not tell.'
const unsuitable = 'It is not what it is said to be, or is gone, or another image is registered where it belongs.'
const noAccess = 'its bytes are where this site does not read (LEPORELLO_VERIFY).'
const uploaded = {
  200: answer('It is registered in place of another one, or was before.', 'image-answer.json'),
  201: answer('It is registered.', 'image-answer.json'),
  202: answer('It has arrived, and waits to be published with the others (LEPORELLO_RULES).', 'image-answer.json'),
  409: unsuitable,
  422: unreadable,
  507: 'There is no room for the tarball.'
}
const tarball = (description: string): DescribedAnswer => ({
  description,
  content: { 'application/gzip': { schema: { type: 'string' } }, 'application/x-tar': { schema: { type: 'string' } } }
})

/** On the path of an image, a precondition is about that image. */
const imageChange = ({ params, change: { precondition, ...change } }: ImageCall): ImageChange => ({
  ...params,
  ...change,
  precondition: precondition && { ...precondition, image: params.architecture }
})

/** What is known of an image, and its tarball. */
export function imageRoutes(route: DeclareRoute, { images }: Pick<ImageRoutes, 'images'>): void {
  const reading = { method: 'GET', action: 'container:read', params: 'image-parameters.json', tag } as const

  route({
    ...reading,
    path,
    summary: 'One image of a container',
    hints: { path: 'GET …/images/{architecture}/report?path= tells what a path is in the image' },
    answers: { 200: answer('The image.', 'container-image.json'), 404: missing },
    async handler({ reply, params }) {
      const { container, image } = await images.get(params)
      return withEtag(reply, container).send({ container: container.id, ...image })
    }
  })

  route({
    ...reading,
    path: `${path}/report`,
    summary: "What reading an image's bytes proved",
    query: 'report-query.json',
    answers: {
      200: answer('The report.', 'image-report.json'),
      403: `${noAccess.charAt(0).toUpperCase()}${noAccess.slice(1)}`,
      404: 'There is no such image, or it was never read.',
      422: unreadable
    },
    handler: ({ params, query, publicUrl }) => images.report({ ...params, publicUrl, path: query.path })
  })

  route({
    ...reading,
    path: `${path}/download`,
    summary: 'The tarball',
    description: 'With ranges, Repr-Digest and its name. From S3 it is a redirect to a presigned URL.',
    query: 'download-query.json',
    answers: {
      200: tarball('The tarball.'),
      206: tarball('A part of it.'),
      304: { description: 'It is the one that If-None-Match or If-Modified-Since knows.' },
      307: { description: 'It is elsewhere; with format=oci, the way to the whole container.' },
      404: missing,
      412: 'It is another one than If-Match or If-Unmodified-Since expects.',
      416: 'The range holds no byte of it.',
      422: unreadable,
      502: 'Its bytes are damaged; fsck tells more.'
    },
    async handler({ request, reply, params, query: { format }, publicUrl }) {
      if (format === undefined) return sendTarball({ request, reply, images }, await images.download({ ...params, publicUrl }))
      await images.get(params)
      return reply.redirect('../../download?format=oci', 307)
    }
  })
}

/** What can be done with an image that is registered. */
export function imageChangeRoutes(route: DeclareRoute, { images }: Pick<ImageRoutes, 'images'>): void {
  const writing = { action: 'container:write', params: 'image-parameters.json', query: 'dry-run-query.json', tag } as const

  route({
    ...writing,
    method: 'DELETE',
    path,
    summary: 'Take one image away',
    description: 'The others are left as they are. The last one cannot be taken away: remove the container instead.',
    headers: 'change-headers.json',
    answers: { 200: answer('The container without it.', 'container-change.json'), 404: missing, 422: 'It is the last one.' },
    async handler(call) {
      const { container, released } = await images.drop(imageChange(call))
      return withEtag(call.reply, container).send({ container, released })
    }
  })

  route({
    ...writing,
    method: 'POST',
    path: `${path}/verify`,
    summary: 'Read the bytes now',
    description: 'With dryRun the answer says what they are, and nothing is stored.',
    headers: 'reason-headers.json',
    answers: {
      200: answer('What they are.', 'image-answer.json'),
      403: `The policy does not permit it, or ${noAccess}`,
      404: missing,
      422: unreadable
    },
    handler: async (call) => answered(call.reply, await images.verify(imageChange(call)), 200)
  })

  route({
    ...writing,
    method: 'POST',
    path: `${path}/relabel`,
    summary: 'Register a mislabelled image as what it is proven to be',
    headers: 'change-headers.json',
    answers: {
      200: answer('It is registered where it belongs.', 'image-answer.json'),
      404: missing,
      409: unsuitable,
      422: unreadable
    },
    handler: async (call) => answered(call.reply, await images.relabel(imageChange(call)), 200)
  })
}

/** Bringing one image: its URL, or its tarball in one piece. */
export function imageUploadRoutes(route: DeclareRoute, { images, bounds, stallMs }: ImageRoutes): void {
  route({
    method: 'PUT',
    path,
    action: 'container:write',
    tag,
    summary: 'Bring one image: its tarball, its URL, or that of another container',
    description:
      'The others are left as they are. A body that is not JSON is the tarball itself: it is stored, read in the same pass and registered under /storage. A mislabelled one is marked, and machines are refused it; with LEPORELLO_STRICT=true it is refused itself. A refused one leaves nothing behind. With dryRun a tarball is read, and the answer says what would be stored and registered; nothing is kept.',
    params: 'image-parameters.json',
    query: 'tarball-query.json',
    headers: 'change-headers.json',
    beginsUpload: true,
    rawBody: {
      content: {
        'application/json': { schema: { $ref: 'image-put.json#' } },
        'application/octet-stream': { schema: { type: 'string', format: 'binary' } }
      }
    },
    answers: { ...uploaded, 404: missing },
    handler: async (call) =>
      answered(call.reply, await (mediaType(call.request) === 'application/json' ? putByUrl(call) : putTarball(call)))
  })

  async function putByUrl(call: UploadCall): Promise<ImageAnswer> {
    const { request, reply, query } = call
    const path = (['version', 'filename', 'digest'] as const).find((name) => query[name] !== undefined)
    if (path) refuseShape('query', [{ path, message: 'applies only to a tarball; a JSON body has members of its own' }])
    sendOn(request.raw, reply.raw)
    const image = await jsonBody(request, { schema: 'image-put.json', bounds })
    return 'from' in image ? images.copy({ ...imageChange(call), from: image.from }) : images.put({ ...imageChange(call), ...image })
  }

  function putTarball(call: UploadCall): Promise<ImageAnswer> {
    const { request, reply, query } = call
    const { version, filename, digest } = query
    if (request.headers['content-range'] !== undefined) {
      throw new CatalogueError('parameter_invalid', 'Content-Range: expected the whole tarball; send pieces to /api/v1/uploads')
    }
    const { architecture, ...change } = imageChange(call)
    const [inHeader, inQuery] = [digestFromHeaders(request.headers), sha256Digits(digest)]
    if (inHeader && inQuery && inHeader !== inQuery) {
      throw new CatalogueError('parameter_invalid', 'the digests in the header and in the query differ; the body can only have one of them')
    }
    const length = request.headers['content-length']
    return images.upload({
      ...change,
      source: unlessJson(uploadBody({ message: request.raw, response: reply.raw, stallMs }), request),
      said: () => ({ architecture, version, filename, digest: undefined }),
      sha256: inHeader ?? inQuery,
      size: length === undefined ? undefined : Number(length)
    })
  }
}

/** Bringing a tarball in a form. */
export function imageFormRoutes(route: DeclareRoute, { images }: Pick<ImageRoutes, 'images'>): void {
  route({
    method: 'POST',
    path: '/containers/:id/images',
    action: 'container:write',
    tag,
    summary: 'Bring a tarball in a form',
    description: 'Without an architecture it is registered as what its bytes are for.',
    params: 'id-parameter.json',
    query: 'dry-run-query.json',
    headers: 'change-headers.json',
    beginsUpload: true,
    consumes: ['multipart/form-data'],
    rawBody: { $ref: 'image-form.json#' },
    answers: uploaded,
    async handler({ request, reply, params: { id }, change }) {
      if (mediaType(request) !== 'multipart/form-data') {
        throw new CatalogueError(
          'parameter_invalid',
          'expected multipart/form-data with the tarball as `file`; PUT a bare tarball to …/images/{architecture}'
        )
      }
      await images.checkRoom(Number(request.headers['content-length'] ?? 0))
      sendOn(request.raw, reply.raw)
      const { source, said } = await uploadForm(request)
      const sha256 = digestFromHeaders(request.headers)
      return answered(reply, await images.upload({ id, source, said, sha256, size: undefined, ...change }))
    }
  })
}

/** `curl -d '{"url": …}'` says that it sends a form. A body that begins like that is no tarball, and must not replace one. */
async function* unlessJson(source: AsyncIterable<Uint8Array>, request: FastifyRequest): AsyncGenerator<Uint8Array> {
  let begun = false
  for await (const chunk of source) {
    if (!begun && /^\s*\{\s*"/.test(Buffer.from(chunk.subarray(0, 64)).toString('latin1'))) {
      const type = JSON.stringify(mediaType(request).slice(0, 100))
      throw new CatalogueError(
        'parameter_invalid',
        `the body is JSON, but its Content-Type is ${type}: send Content-Type: application/json; nothing was stored`
      )
    }
    begun = true
    yield chunk
  }
}

function answered(reply: FastifyReply, change: ImageAnswer, status = change.pending ? 202 : change.created ? 201 : 200): FastifyReply {
  const { container, image, unchanged, pending, released } = change
  return withEtag(reply, container).code(status).send({ container, image, unchanged, pending, released })
}
