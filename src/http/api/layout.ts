import { Readable } from 'node:stream'
import { disposition } from './download.ts'
import type { ApiParts, DeclareRoute } from './route.ts'

/** The bytes that are made before the client has taken those before them. */
const ahead = 512 * 1024

/** A whole container in one file. */
export function layoutRoutes(route: DeclareRoute, { layout }: ApiParts): void {
  if (!layout) return
  route('GET /containers/:id/download', {
    action: 'container:read',
    tag: 'containers',
    summary: 'All images as one OCI layout',
    description:
      'One tar with every architecture under one index, for `skopeo copy oci-archive:…`, `crane push` and the like. An image that was uploaded as docker-archive has the manifest that its report names, over its layers as they are unpacked. There are no ranges.',
    params: 'id-parameter.json',
    query: 'layout-query.json',
    answers: {
      200: { description: 'The tar.', content: { 'application/x-tar': { schema: { type: 'string' } } } },
      403: 'One of its images is where this site does not read (LEPORELLO_VERIFY).',
      404: 'There is no such container.',
      409: 'One of its images is not proven to be what it is registered as, or is gone.',
      422: 'The bytes of one of its images cannot be read.'
    },
    async handler({ request, reply, params: { id }, publicUrl }) {
      const { filename, digest, size, bytes } = await layout({ id, publicUrl })
      reply.headers({
        'content-type': 'application/x-tar',
        'content-length': size,
        'content-disposition': disposition(filename),
        'x-content-type-options': 'nosniff',
        'accept-ranges': 'none',
        etag: `"${digest}"`
      })
      if (request.method === 'HEAD') return reply.send()
      return reply.send(Readable.from(bytes(), { objectMode: false, highWaterMark: ahead }))
    }
  })
}
