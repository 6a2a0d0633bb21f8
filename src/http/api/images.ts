import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ImageAnswer } from '../../catalogue/images/image-answer.ts'
import type { ImageAddress } from '../../catalogue/images/image-target.ts'
import type { Images } from '../../catalogue/images/images.ts'
import type { ChangeContext } from '../../catalogue/records/image-records.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { Action } from '../../domain/policy.ts'
import type { BodyBounds } from '../shared/body.ts'
import { causeOf, preconditionOf } from '../shared/circumstances.ts'
import type { Description } from '../shared/describes.ts'
import { digestFromHeaders } from '../shared/digest-headers.ts'
import { sendOn, uploadBody } from '../shared/upload-body.ts'
import { descriptions } from './descriptions.ts'
import { sendTarball } from './download.ts'
import { withEtag } from './etag.ts'
import { uploadForm } from './form.ts'
import { architectureInPath, type ImagePath, mediaType, parseFlag, parseSha256, strictQuery } from './input.ts'
import { jsonBody } from './json-body.ts'

export interface ImageRoutes {
  images: Images
  publicUrl: (request: FastifyRequest) => string
  bounds: BodyBounds
  /** How long an upload may stand still. */
  stallMs: number
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | object>

const base = '/api/v1/containers/:id'
const imageBase = `${base}/images/:architecture`

export function imageRoutes(app: FastifyInstance, { images, publicUrl, bounds, stallMs }: ImageRoutes): void {
  const asked = (request: FastifyRequest): ImageAddress => {
    const { id, architecture } = request.params as ImagePath
    return { id, architecture: architectureInPath(architecture), publicUrl: publicUrl(request) }
  }

  /** What is expected to stand there is the image where the path is that of one, else the container. */
  const circumstances = (request: FastifyRequest): ChangeContext => {
    const { architecture } = request.params as Partial<ImagePath>
    const precondition = preconditionOf(request)
    return {
      publicUrl: publicUrl(request),
      cause: causeOf(request),
      precondition: precondition && { ...precondition, image: architecture === undefined ? undefined : architectureInPath(architecture) }
    }
  }

  route(['GET', 'HEAD'], base, {
    action: 'container:read',
    describes: descriptions.container,
    async handler(request, reply) {
      strictQuery(request, [])
      const container = await images.container((request.params as ImagePath).id)
      return withEtag(reply, container).send(container)
    }
  })

  route(['GET', 'HEAD'], imageBase, {
    action: 'container:read',
    describes: descriptions.image,
    async handler(request, reply) {
      strictQuery(request, [])
      const { container, image } = await images.get(asked(request))
      return withEtag(reply, container).send({ container: container.id, ...image })
    }
  })

  route(['PUT'], imageBase, {
    action: 'container:write',
    describes: descriptions.put,
    beginsUpload: true,
    async handler(request, reply) {
      const byUrl = mediaType(request) === 'application/json'
      return answered(reply, await (byUrl ? putByUrl(request, reply) : putTarball(request, reply)))
    }
  })

  route(['DELETE'], imageBase, {
    action: 'container:write',
    describes: descriptions.drop,
    async handler(request, reply) {
      const { dryRun } = strictQuery(request, ['dryRun'])
      const { container, released } = await images.drop({
        ...asked(request),
        ...circumstances(request),
        dryRun: parseFlag(dryRun, 'dryRun')
      })
      return withEtag(reply, container).send({ container, released })
    }
  })

  route(['POST'], `${base}/images`, {
    action: 'container:write',
    describes: descriptions.post,
    beginsUpload: true,
    async handler(request, reply) {
      const dryRun = parseFlag(strictQuery(request, ['dryRun']).dryRun, 'dryRun')
      if (mediaType(request) !== 'multipart/form-data') {
        throw new CatalogueError(
          'parameter_invalid',
          'expected multipart/form-data with the tarball as `file`; a bare tarball is PUT to …/images/{architecture}'
        )
      }
      await images.checkRoom(Number(request.headers['content-length'] ?? 0))
      sendOn(request.raw, reply.raw)
      const { source, said } = await uploadForm(request)
      const { id } = request.params as ImagePath
      const sha256 = digestFromHeaders(request.headers)
      return answered(reply, await images.upload({ id, source, said, sha256, size: undefined, ...circumstances(request), dryRun }))
    }
  })

  route(['GET', 'HEAD'], `${imageBase}/report`, {
    action: 'container:read',
    describes: descriptions.report,
    async handler(request, reply) {
      const { path } = strictQuery(request, ['path'])
      return reply.send(await images.report({ ...asked(request), path }))
    }
  })

  route(['GET', 'HEAD'], `${imageBase}/download`, {
    action: 'container:read',
    describes: descriptions.download,
    async handler(request, reply) {
      const { format } = strictQuery(request, ['format'])
      if (format === 'oci') {
        await images.get(asked(request))
        return reply.redirect('../../download?format=oci', 307)
      }
      if (format !== undefined) throw new CatalogueError('parameter_invalid', 'format: expected oci, or none for the tarball as it came')
      return sendTarball({ request, reply, images }, await images.download(asked(request)))
    }
  })

  for (const operation of ['verify', 'relabel'] as const) {
    route(['POST'], `${imageBase}/${operation}`, {
      action: 'container:write',
      describes: descriptions[operation],
      async handler(request, reply) {
        const { dryRun } = strictQuery(request, ['dryRun'])
        const change = { ...asked(request), ...circumstances(request), dryRun: parseFlag(dryRun, 'dryRun') }
        return answered(reply, await images[operation](change), 200)
      }
    })
  }

  async function putByUrl(request: FastifyRequest, reply: FastifyReply): Promise<ImageAnswer> {
    const { dryRun } = strictQuery(request, ['dryRun'])
    const change = { ...asked(request), ...circumstances(request), dryRun: parseFlag(dryRun, 'dryRun') }
    sendOn(request.raw, reply.raw)
    const image = await jsonBody(request, { schema: 'image-put.json', bounds })
    return 'from' in image ? images.copy({ ...change, from: image.from }) : images.put({ ...change, ...image })
  }

  function putTarball(request: FastifyRequest, reply: FastifyReply): Promise<ImageAnswer> {
    const { version, filename, digest, dryRun } = strictQuery(request, ['version', 'filename', 'digest', 'dryRun'])
    if (request.headers['content-range'] !== undefined) {
      throw new CatalogueError('parameter_invalid', 'Content-Range: expected the whole tarball; pieces are sent to /api/v1/uploads')
    }
    const { id, architecture } = asked(request)
    const [inHeader, inQuery] = [digestFromHeaders(request.headers), parseSha256(digest)]
    if (inHeader && inQuery && inHeader !== inQuery) {
      throw new CatalogueError('parameter_invalid', 'the digests in the header and in the query differ, and the body cannot be both')
    }
    const length = request.headers['content-length']
    const source = unlessJson(uploadBody({ message: request.raw, response: reply.raw, stallMs }), request)
    const said = () => ({ architecture, version, filename, digest: undefined })
    return images.upload({
      id,
      source,
      said,
      sha256: inHeader ?? inQuery,
      size: length === undefined ? undefined : Number(length),
      ...circumstances(request),
      dryRun: parseFlag(dryRun, 'dryRun')
    })
  }

  function route(
    method: string[],
    url: string,
    { handler, ...config }: { action: Action; describes: Description; beginsUpload?: boolean; handler: Handler }
  ): void {
    app.route({ method, url, config, handler })
  }
}

/** `curl -d '{"url": …}'` says that it sends a form: what begins like this is no tarball, and shall not take the place of one. */
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

function answered(reply: FastifyReply, answer: ImageAnswer, status = answer.pending ? 202 : answer.created ? 201 : 200): FastifyReply {
  const { container, image, unchanged, pending, released } = answer
  return withEtag(reply, container).code(status).send({ container, image, unchanged, pending, released })
}
