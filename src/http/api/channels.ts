import type { StoredChannel } from '../../catalogue/releases/channel-reading.ts'
import type { Promoted, PromotionRequest } from '../../catalogue/releases/channels.ts'
import type { ChannelState } from '../../domain/releases/channel.ts'
import { setDiff } from '../../domain/releases/set-diff.ts'
import { textContent } from '../shared/describes.ts'
import { type ApiCall, type ApiParts, answer, type DeclareRoute } from './route.ts'
import { sendPage, withEtag } from './sending.ts'

const reading = { action: 'container:read', tag: 'releases' } as const
const ofChannel = { ...reading, params: 'channel-parameter.json' } as const
const missing = 'There is no such channel.'
const moved = {
  200: answer('What the channel is now, and what was changed.', 'channel-answer.json'),
  404: 'There is no such channel, release or promotion.',
  409: 'The set is refused, with every reason in `errors`; or another promotion was first. Nothing was changed.',
  412: 'The channel is not at the revision that If-Match expects.'
}
/** A set of two thousand ids. */
const setLimit = 1024 * 1024

/** Tags that are moved for whole sets of images at once. */
export function channelRoutes(route: DeclareRoute, { channels }: ApiParts): void {
  route('GET /channels', {
    ...reading,
    summary: 'The channels',
    answers: { 200: answer('Sorted by name.', 'channel-list.json') },
    handler: async () => ({ items: (await channels.list()).map(promotionOf) })
  })

  route('GET /channels/:channel', {
    ...ofChannel,
    summary: 'A channel with its set',
    answers: { 200: answer('The channel.', 'channel-view.json'), 404: missing },
    async handler({ reply, params }) {
      const channel = await channels.read(params.channel)
      return withEtag(reply, channel).send(viewOf(channel))
    }
  })

  route('GET /channels/:channel/history', {
    ...ofChannel,
    summary: 'The promotions of a channel, the newest first',
    query: 'promotions-query.json',
    answers: { 200: answer('One page.', 'promotion-page.json'), 404: missing },
    async handler({ reply, params, query: { limit, cursor }, publicUrl }) {
      const found = await channels.history(params.channel, { limit, before: cursor === undefined ? undefined : Number(cursor) })
      const last = found.at(-1)?.number ?? 1
      const next = found.length === limit && last > 1 ? String(last) : null
      return sendPage(reply, { page: { items: found.map(promotionOf), next } as { next: string | null }, publicUrl })
    }
  })

  route('GET /channels/:channel/history/:number', {
    ...reading,
    summary: 'One promotion with its set',
    params: 'promotion-parameters.json',
    answers: {
      200: answer('The promotion.', 'promotion-view.json'),
      404: 'There is no such channel, or it does not remember this promotion.'
    },
    handler: async ({ params }) => viewOf(await channels.promotion(params.channel, Number(params.number)))
  })

  route('GET /channels/:channel/diff', {
    ...ofChannel,
    summary: 'What differs between two promotions of a channel',
    query: 'channel-diff-query.json',
    answers: { 200: answer('The repositories that differ.', 'channel-diff.json'), 404: 'There is no such channel or promotion.' },
    async handler({ params: { channel }, query }) {
      const [last] = await channels.history(channel, { limit: 1 })
      const { to = last!.number } = query
      const { from = Math.max(1, to - 1) } = query
      const [before, after] = await Promise.all([channels.promotion(channel, from), channels.promotion(channel, to)])
      return { from, to, differences: setDiff(before.set, after.set) }
    }
  })
}

const change = { ...ofChannel, action: 'container:write', headers: 'change-headers.json' } as const

/** Moves of channels. */
export function promotionRoutes(route: DeclareRoute, { channels }: ApiParts): void {
  route('PUT /channels/:channel', {
    ...change,
    summary: 'Move a channel to a set: all of it, or nothing',
    description:
      'Writes a record for each image of the set, such as nova-api:current with the images of nova-api:aaa, and removes the tag from the repositories that the new set lacks. Every face shows these records at once. Digests stay equal, and no tarball is copied. A set that is refused is refused with every reason at once. If-Match takes the ETag of the channel. With dryRun nothing is changed.',
    query: 'dry-run-query.json',
    body: 'channel-put.json',
    bodyLimit: setLimit,
    answers: moved,
    async handler(call) {
      const { set, from, to, require = [], keep = false, reason } = call.body
      const request = { ...given(call, reason), set, from, to, require, keep }
      return answered(call, await channels.promote(request))
    }
  })

  route('POST /channels/:channel/rollback', {
    ...change,
    summary: 'Move a channel back to an earlier set',
    description: 'A promotion like any other, with an entry of its own. The images are those of that time, whatever their origins are now.',
    query: 'dry-run-query.json',
    body: 'channel-rollback.json',
    answers: moved,
    async handler(call) {
      const { to, reason } = call.body
      const [last] = await channels.history(call.params.channel, { limit: 1 })
      const from = { promotion: to ?? Math.max(1, last!.number - 1) }
      return answered(call, await channels.promote({ ...given(call, reason), from, require: [], keep: false }))
    }
  })

  route('DELETE /channels/:channel', {
    ...change,
    action: 'container:delete',
    summary: 'Remove a channel and its tags',
    description: 'Its history stays, and can bring it back.',
    query: 'channel-query.json',
    answers: moved,
    handler: async (call) => answered(call, await channels.remove({ ...given(call), keep: call.query.keep ?? false }))
  })
}

type ChannelCall = Pick<ApiCall<'channel-parameter.json', never, 'change-headers.json', never>, 'request' | 'reply' | 'params' | 'change'>

function given({ request, params, change }: ChannelCall, reason?: string) {
  const cause = reason === undefined ? change.cause : { ...change.cause, reason }
  return {
    ...change,
    cause,
    channel: params.channel,
    permit: (ids: readonly string[]) => request.permit(ids)
  } satisfies Partial<PromotionRequest>
}

function answered({ reply }: ChannelCall, { before, after, written, removed }: Promoted) {
  const unchanged = before?.number === after.number
  return withEtag(reply, after).send({ channel: viewOf(after), unchanged, written, removed })
}

function promotionOf({ set, by: { reason, ...by }, ...state }: ChannelState) {
  const { channel, number, at, from, require, tag, removed } = state
  return { channel, number, at, by, reason, from, require, tag, removed, images: set.length }
}

const viewOf = (state: ChannelState | StoredChannel) => ({
  ...promotionOf(state),
  ...('revision' in state && { revision: state.revision }),
  set: state.set
})

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
