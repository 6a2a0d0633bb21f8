import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ImageAnswer } from '../../catalogue/images/image-answer.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { declaredLength, mediaType } from '../shared/body.ts'
import { digestFromHeaders } from '../shared/digest-headers.ts'
import { sendOn, uploadBody } from '../shared/upload-body.ts'
import { uploadForm } from '../shared/upload-form.ts'
import { answered, type ImageCall, imageChange, imagePath, imagesTag, missingImage, unreadable, unsuitable } from './images.ts'
import { jsonBody, sha256Digits } from './input.ts'
import { type ApiCall, type ApiParts, answer, type DeclareRoute } from './route.ts'
import { refuseShape } from './validation.ts'

type UploadCall = ImageCall & Pick<ApiCall<never, 'tarball-query.json', never, never>, 'request' | 'reply' | 'query'>

const uploaded = {
  200: answer('It is registered in place of another one, or was before.', 'image-answer.json'),
  201: answer('It is registered.', 'image-answer.json'),
  202: answer('It has arrived, and waits to be published with the others (LEPORELLO_RULES).', 'image-answer.json'),
  409: unsuitable,
  422: unreadable,
  507: 'There is no room for the tarball.'
}

const brought = (reply: FastifyReply, answer: ImageAnswer): FastifyReply =>
  answered(reply.code(answer.pending ? 202 : answer.created ? 201 : 200), answer)

/** Bringing one image: its URL, or its tarball in one piece. */
export function imageUploadRoutes(route: DeclareRoute, { images, bounds, stallMs }: ApiParts): void {
  route(`PUT ${imagePath}`, {
    action: 'container:write',
    tag: imagesTag,
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
    answers: { ...uploaded, 404: missingImage },
    handler: async (call) => brought(call.reply, await (mediaType(call.request) === 'application/json' ? putByUrl(call) : putTarball(call)))
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
    return images.upload({
      ...change,
      source: unlessJson(uploadBody({ message: request.raw, response: reply.raw, stallMs }), request),
      said: () => ({ architecture, version, filename, digest: undefined }),
      sha256: inHeader ?? inQuery,
      size: declaredLength(request.raw)
    })
  }
}

/** Bringing a tarball in a form. */
export function imageFormRoutes(route: DeclareRoute, { images }: ApiParts): void {
  route('POST /containers/:id/images', {
    action: 'container:write',
    tag: imagesTag,
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
      return brought(reply, await images.upload({ id, source, said, sha256, size: undefined, ...change }))
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
