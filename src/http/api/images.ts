import type { FastifyReply } from 'fastify'
import type { ImageAnswer } from '../../catalogue/images/image-answer.ts'
import type { ImageChange } from '../../catalogue/records/image-records.ts'
import type { DescribedAnswer } from '../shared/describes.ts'
import { sendTarball } from './download.ts'
import { type ApiCall, type ApiParts, answer, type DeclareRoute } from './route.ts'
import { withEtag } from './sending.ts'

export type ImageCall = Pick<ApiCall<'image-parameters.json', never, never, never>, 'params' | 'change'>

export const imagesTag = 'images'
export const imagePath = '/containers/:id/images/:architecture'
export const missingImage = 'There is no such container, or it has no image for that architecture: `available` lists those that it has.'
export const unreadable = 'Its bytes cannot be read, or do not tell.'
export const unsuitable = 'It is not what it is said to be, or is gone, or another image is registered where it belongs.'
const noAccess = 'its bytes are where this site does not read (LEPORELLO_VERIFY).'
const tarball = (description: string): DescribedAnswer => ({
  description,
  content: { 'application/gzip': { schema: { type: 'string' } }, 'application/x-tar': { schema: { type: 'string' } } }
})

/** On the path of an image, a precondition is about that image. */
export const imageChange = ({ params, change: { precondition, ...change } }: ImageCall): ImageChange => ({
  ...params,
  ...change,
  precondition: precondition && { ...precondition, image: params.architecture }
})

/** What is known of an image, and its tarball. */
export function imageRoutes(route: DeclareRoute, { images }: ApiParts): void {
  const reading = { action: 'container:read', params: 'image-parameters.json', tag: imagesTag } as const

  route(`GET ${imagePath}`, {
    ...reading,
    summary: 'One image of a container',
    hints: { path: 'GET …/images/{architecture}/report?path= tells what a path is in the image' },
    answers: { 200: answer('The image.', 'container-image.json'), 404: missingImage },
    async handler({ reply, params }) {
      const { container, image } = await images.get(params)
      return withEtag(reply, container).send({ container: container.id, ...image })
    }
  })

  route(`GET ${imagePath}/report`, {
    ...reading,
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

  route(`GET ${imagePath}/download`, {
    ...reading,
    summary: 'The tarball',
    description: 'With ranges, Repr-Digest and its name. From S3 it is a redirect to a presigned URL.',
    query: 'download-query.json',
    answers: {
      200: tarball('The tarball.'),
      206: tarball('A part of it.'),
      304: { description: 'It is the one that If-None-Match or If-Modified-Since knows.' },
      307: { description: 'It is elsewhere; with format=oci, the way to the whole container.' },
      404: missingImage,
      412: 'It is another one than If-Match or If-Unmodified-Since expects.',
      416: 'The range holds no byte of it.',
      422: unreadable,
      502: 'Its bytes are damaged (`leporello fsck` says how), or its URL contains control characters.'
    },
    async handler({ reply, params, query: { format }, publicUrl }) {
      if (format === undefined) return sendTarball(reply, images, await images.download({ ...params, publicUrl }))
      await images.get(params)
      return reply.redirect('../../download?format=oci', 307)
    }
  })
}

/** What can be done with an image that is registered. */
export function imageChangeRoutes(route: DeclareRoute, { images, holders }: ApiParts): void {
  const writing = { action: 'container:write', params: 'image-parameters.json', query: 'dry-run-query.json', tag: imagesTag } as const

  route(`DELETE ${imagePath}`, {
    ...writing,
    action: 'container:delete',
    summary: 'Take one image away',
    description: 'The others are left as they are. The last one cannot be taken away: remove the container instead.',
    headers: 'change-headers.json',
    answers: {
      200: answer('The container without it.', 'container-change.json'),
      404: missingImage,
      409: 'A channel or a release names the container: see force.',
      422: 'It is the last one.'
    },
    query: 'removal-query.json',
    async handler(call) {
      if (call.query.force !== true) await holders.checkUnnamed(call.params.id)
      const { container, released } = await images.drop(imageChange(call))
      return withEtag(call.reply, container).send({ container, released })
    }
  })

  route(`POST ${imagePath}/verify`, {
    ...writing,
    summary: 'Read the bytes now',
    description: 'With dryRun the answer says what they are, and nothing is stored.',
    headers: 'reason-headers.json',
    answers: {
      200: answer('What they are.', 'image-answer.json'),
      403: `The policy, or the token, does not permit it, or ${noAccess}`,
      404: missingImage,
      422: unreadable
    },
    handler: async (call) => answered(call.reply, await images.verify(imageChange(call)))
  })

  route(`POST ${imagePath}/relabel`, {
    ...writing,
    summary: 'Register a mislabelled image as what it is proven to be',
    headers: 'change-headers.json',
    answers: {
      200: answer('It is registered where it belongs.', 'image-answer.json'),
      404: missingImage,
      409: unsuitable,
      422: unreadable
    },
    handler: async (call) => answered(call.reply, await images.relabel(imageChange(call)))
  })
}

export const answered = (reply: FastifyReply, { container, image, unchanged, pending, released }: ImageAnswer): FastifyReply =>
  withEtag(reply, container).send({ container, image, unchanged, pending, released })
