import { textContent } from '../shared/describes.ts'
import { promotionOf } from './channels.ts'
import { type ApiParts, answer, type DeclareRoute } from './route.ts'

const reading = { action: 'container:read', tag: 'releases' } as const
/** What a digest names never changes. */
const forEver = 'public, max-age=31536000, immutable'

/** The Containerfiles that the images of a channel were built from. */
export function distGitRoutes(route: DeclareRoute, { distGit }: ApiParts): void {
  route('GET /channels/:channel/containerfiles', {
    ...reading,
    summary: 'The Containerfiles that the images of a channel were built from',
    description:
      'Those that builds brought with their reports, by digest; `leporello dist-git` writes and commits them as a git repository. An image is left out, with the reason, unless the Containerfile of each of its architectures is known.',
    params: 'channel-parameter.json',
    query: 'containerfiles-query.json',
    answers: {
      200: answer('The files, by image.', 'channel-containerfiles.json'),
      404: 'There is no such channel, or it does not remember this promotion.'
    },
    async handler({ params, query }) {
      const { state, images } = await distGit.containerfiles(params.channel, query.number)
      return {
        promotion: promotionOf(state),
        items: images.filter((image) => 'files' in image),
        left_out: images.filter((image) => 'reason' in image)
      }
    }
  })

  route('GET /containerfiles/:digest', {
    ...reading,
    summary: 'A Containerfile',
    params: 'containerfile-parameter.json',
    answers: {
      200: { description: 'Its text, as the build sent it.', content: textContent('FROM scratch\n') },
      404: 'There is no such Containerfile.'
    },
    async handler({ reply, params: { digest } }) {
      const text = await distGit.containerfile(digest)
      return reply.header('etag', `"${digest}"`).header('cache-control', forEver).type('text/plain; charset=utf-8').send(text)
    }
  })
}
