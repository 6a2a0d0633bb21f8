import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { StoredChannel } from '../../catalogue/releases/channel-reading.ts'
import type { Promoted, PromotionRequest } from '../../catalogue/releases/channels.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { checkTag } from '../../domain/releases/channel.ts'
import { type SetDifference, setDiff } from '../../domain/releases/set-diff.ts'
import { type ActionCall, seenRevision, type UiAction } from './action-route.ts'
import { exact, html, type Markup, type MarkupPart } from './html.ts'
import { type DeclarePage, type PageFrame, unlessRefused } from './page-route.ts'
import { idMarkup, quantity } from './texts.ts'
import { channelWay } from './ways.ts'

/** A set of two thousand ids. */
const setLimit = 1024 * 1024
/** How many differences the page of a question shows. */
const shown = 50

/** What people do with a channel. */
export const channelActions = ({ channels }: Pick<Catalogue, 'channels'>): UiAction[] => [
  {
    path: '/channels/:channel/promote',
    action: 'container:write',
    formLimit: setLimit,
    async ask(call) {
      const before = await unlessRefused(channels.read(channelIn(call)), 'channel_unknown')
      const question = { ...about('Promote', call), inputs: setInputs(call, before), submit: 'Move the channel' }
      if (call.request.method !== 'POST') return question
      return { ...question, ...(await effectsOf(channels, promotionIn(call), before)), carried: carriedBy(call, before) }
    },
    act: async (call) => moved(call, await channels.promote(promotionIn(call)))
  },
  {
    path: '/channels/:channel/roll-back',
    action: 'container:write',
    async ask(call) {
      const before = await unlessRefused(channels.read(channelIn(call)), 'channel_unknown')
      const request = rollBackIn(call)
      return {
        ...about('Roll back', call),
        ...(await effectsOf(channels, request, before)),
        carried: { to: String(request.from!.promotion), seen: seenRevision(before?.revision) },
        submit: 'Move it back'
      }
    },
    act: async (call) => moved(call, await channels.promote(rollBackIn(call)))
  }
]

function channelIn({ params }: ActionCall): string {
  checkTag('the channel', params.channel)
  return params.channel
}

const base = (call: ActionCall) => ({
  ...call.change,
  channel: channelIn(call),
  require: [],
  permit: (ids: readonly string[]) => call.request.permit(ids, 'container:write')
})

function promotionIn(call: ActionCall): PromotionRequest {
  const { set = '', channel, release, keep } = call.texts
  const ids = set.split(/\s+/).filter(Boolean)
  const sources = [ids.length > 0, channel !== undefined, release !== undefined].filter(Boolean).length
  if (sources !== 1) {
    throw new CatalogueError('parameter_invalid', 'expected one of: ids of containers, the name of a channel, the name of a release')
  }
  const from = channel !== undefined ? { channel } : release !== undefined ? { release } : undefined
  return { ...base(call), ...(ids.length > 0 && { set: ids }), from, keep: keep === 'yes' }
}

function rollBackIn(call: ActionCall): PromotionRequest {
  const number = Number(call.texts['to'])
  if (!Number.isSafeInteger(number) || number < 1) {
    throw new CatalogueError('parameter_invalid', 'to is needed: the number of the promotion to go back to')
  }
  return { ...base(call), from: { promotion: number }, keep: false }
}

async function effectsOf(channels: Catalogue['channels'], request: PromotionRequest, before: StoredChannel | undefined) {
  try {
    const { after, written, removed } = await channels.promote({ ...request, dryRun: true })
    const differences = setDiff(before?.set ?? [], after.set)
    const effects: MarkupPart[] = [
      html`<b>${after.channel}</b> becomes promotion ${after.number}, of ${quantity(after.set.length, 'image')}, all at once.`,
      `${written.length} ${written.length === 1 ? 'record is' : 'records are'} written, ${removed.length} removed. No tarball is copied.`,
      ...differences.slice(0, shown).map(differenceMarkup),
      differences.length > shown && `and ${differences.length - shown} more differences`
    ]
    return { effects: differences.length === 0 ? ['Its set is the same already: nothing would be changed.'] : effects }
  } catch (error) {
    if (!isCatalogueError(error, 'promotion_refused')) throw error
    const reasons = error.details.errors?.map(({ path, message }) => `${path}: ${message}`)
    return { effects: [], refusal: reasons ?? [error.message] }
  }
}

const differenceMarkup = ({ repository, before, after }: SetDifference): Markup =>
  html`<bdi>${exact(repository)}</bdi>: ${before ? html`<del>${idMarkup(before.origin)}</del>` : 'new'} → ${after ? html`<ins>${idMarkup(after.origin)}</ins>` : 'none'}`

const fields = ['set', 'channel', 'release', 'keep'] as const

const carriedBy = ({ texts }: ActionCall, before: StoredChannel | undefined): Record<string, string> => ({
  ...Object.fromEntries(fields.flatMap((name) => (texts[name] === undefined ? [] : [[name, texts[name]]]))),
  seen: seenRevision(before?.revision)
})

function setInputs({ texts, request }: ActionCall, before: StoredChannel | undefined): Markup {
  const ids = request.method === 'POST' ? (texts['set'] ?? '') : (before?.set.map(({ origin }) => origin).join('\n') ?? '')
  return html`<p>One of the three says what the channel is moved to.</p>
<label>Containers <small>(one id a line)</small> <textarea name="set" rows="8" spellcheck="false">${exact(ids)}</textarea></label>
<label>Or as another channel is now <input name="channel" value="${texts['channel'] ?? ''}" maxlength="128" autocomplete="off"></label>
<label>Or as a release <input name="release" value="${texts['release'] ?? ''}" maxlength="128" autocomplete="off"></label>
<label class="check"><input type="checkbox" name="keep" value="yes"${texts['keep'] === 'yes' && html` checked`}> Keep the tag of repositories that the new set lacks</label>`
}

function about(verb: string, call: ActionCall) {
  const channel = channelIn(call)
  return {
    title: `${verb} ${channel}`,
    heading: html`${verb} the channel ${channel}`,
    back: { href: channelWay(channel, call.frame), words: channel },
    above: { href: `${call.frame.root}ui/channels`, words: 'Channels' }
  }
}

/** The way to move a channel, for whoever may. */
export const promoteLink = (channel: string, frame: PageFrame): MarkupPart =>
  frame.may('container:write') &&
  html`<section class="actions" aria-label="What you may do"><ul><li><a class="button plain" href="${exact(`${channelWay(channel, frame)}/promote`)}">Promote</a></li></ul></section>`

export const rollBackLink = (channel: string, { number, frame }: { number: number; frame: PageFrame }): MarkupPart =>
  frame.may('container:write') &&
  html`<a href="${exact(`${channelWay(channel, frame)}/roll-back?to=${number}`)}">go back<span class="unseen"> to promotion ${number}</span></a>`

/** A channel begins with its first promotion. */
export const newChannelForm = (frame: PageFrame): MarkupPart =>
  frame.may('container:write') &&
  html`<form class="ask" action="${exact(frame.root)}ui/promote" method="get"><label for="channel">A new channel</label>
<input id="channel" name="channel" required maxlength="128" placeholder="current-passed-ci"><button type="submit">Choose its set</button></form>`

/** A form cannot put a name into a path. */
export function newChannelPage(page: DeclarePage): void {
  page('/promote', async ({ query: { channel = '' } }) => {
    checkTag('the channel', channel)
    return { to: `channels/${channel}/promote` }
  })
}

const moved = ({ frame }: ActionCall, { before, after }: Promoted) =>
  ({ to: channelWay(after.channel, frame), done: before?.number === after.number ? 'unchanged' : 'promoted' }) as const
