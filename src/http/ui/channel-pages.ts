import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { StoredChannel } from '../../catalogue/releases/channel-reading.ts'
import type { ChannelState, SetMember, SetSource } from '../../domain/releases/channel.ts'
import { newChannelForm, promoteLink, rollBackLink } from './actions-channel.ts'
import { exact, html, type Markup, type MarkupPart } from './html.ts'
import type { DeclarePage, PageFrame } from './page-route.ts'
import { breadcrumb, commandMarkup, idMarkup, olderLink, quantity, shellWord, timeMarkup, whoDid } from './texts.ts'
import { channelWay, containerWay, releaseWay } from './ways.ts'

const promotionsAPage = 50

/** Channels: what each means now, and how it came to that. */
export function channelPages(page: DeclarePage, { channels }: Pick<Catalogue, 'channels'>): void {
  page('/channels', async ({ frame }) => {
    const all = await channels.list()
    const main = html`<h1>Channels</h1>
<p class="fine">A channel is a tag that is moved for a whole set of images at once, or not at all.</p>
${all.length === 0 ? noChannels(frame.url) : channelTable(all, frame)}
${newChannelForm(frame)}`
    return { title: 'Channels', section: 'channels', main }
  })

  page('/channels/:channel', async ({ params, query: { cursor }, frame }) => {
    const [channel, all] = await Promise.all([channels.read(params.channel), channels.list()])
    const before = cursor !== undefined && /^\d{1,9}$/.test(cursor) ? Number(cursor) : undefined
    const history = await channels.history(channel.channel, { before, limit: promotionsAPage })
    const main = channelBody({ channel, others: all.filter((one) => one.channel !== channel.channel), history, frame })
    return { title: `Channel ${channel.channel}`, section: 'channels', main }
  })
}

function channelTable(channels: readonly StoredChannel[], frame: PageFrame): Markup {
  return html`<div class="wide" tabindex="0" role="region" aria-label="Channels"><table class="channels"><caption class="unseen">Channels by name</caption>
<thead><tr><th scope="col">Channel</th><th scope="col" class="number">Images</th><th scope="col">Moved</th><th scope="col">By</th><th scope="col">From</th><th scope="col">Why</th></tr></thead>
<tbody>${channels.map((channel) => html`<tr data-channel="${exact(channel.channel)}"><th scope="row"><a href="${exact(channelWay(channel.channel, frame))}"><bdi>${exact(channel.channel)}</bdi></a></th><td class="number">${channel.set.length}</td><td>${timeMarkup(channel.at, frame.now)}</td><td>${whoDid(channel.by)}</td><td>${sourceMarkup(channel.from, frame)}</td><td>${channel.by.reason}</td></tr>`)}</tbody></table></div>`
}

const noChannels = (url: string): Markup => html`<section class="notice"><h2>There is no channel yet</h2>
<p>Promote a set of images to one; every face shows its tag at once.</p>
${commandMarkup({ title: 'For example', command: `leporello promote current-passed-ci --set images.txt --url ${shellWord(url)}` })}</section>`

interface ChannelBody {
  channel: StoredChannel
  others: readonly StoredChannel[]
  history: readonly ChannelState[]
  frame: PageFrame
}

function channelBody({ channel, others, history, frame }: ChannelBody): Markup {
  const { channel: name, set, at, by, number, from } = channel
  const url = shellWord(frame.url)
  return html`${breadcrumb([[`${frame.root}ui/channels`, 'Channels']])}
<div id="channel" data-channel="${exact(name)}" data-number="${number}" data-revision="${exact(channel.revision)}">
<h1><bdi>${exact(name)}</bdi> <small>channel</small></h1>
<p class="standing"><span>${quantity(set.length, 'image')}</span> <span>moved ${timeMarkup(at, frame.now)} by ${whoDid(by)}</span> <span>${sourceMarkup(from, frame)}</span></p>
${by.reason && html`<p class="lead">${by.reason}</p>`}
${promoteLink(name, frame)}
<section aria-labelledby="set"><h2 id="set">The set</h2>${setTable(set, frame)}</section>
${others.length > 0 && compareForm(name, others, frame)}
<section aria-labelledby="promotions"><h2 id="promotions">Promotions</h2>${promotionTable(channel, history, frame)}</section>
<section aria-labelledby="commands" class="commands"><h2 id="commands">What to type</h2>
${[
  {
    title: 'The images of it, one a line',
    command: `curl -f ${shellWord(`${frame.url}/api/v1/image-list?tag=${encodeURIComponent(channel.tag)}&format=names`)}`
  },
  { title: 'Freeze it for testers', command: `leporello release ${shellWord(`${name}-1`)} --from ${shellWord(name)} --url ${url}` },
  { title: 'Go back to the set before', command: `leporello rollback ${shellWord(name)} --url ${url}` }
].map(commandMarkup)}</section></div>`
}

/** The images of a set, and the ids under which they were registered. */
function setTable(set: readonly SetMember[], frame: PageFrame): Markup {
  if (set.length === 0) return html`<p class="none">It is empty.</p>`
  return html`<div class="wide" tabindex="0" role="region" aria-label="The table of the set"><table class="set-table"><caption class="unseen">Images of the set</caption>
<thead><tr><th scope="col">Image</th><th scope="col">Is</th><th scope="col">Version</th><th scope="col">Architectures</th></tr></thead>
<tbody>${set.map((member) => html`<tr data-container="${exact(member.id)}"><th scope="row"><a href="${exact(containerWay(member.id, frame))}">${idMarkup(member.id)}</a></th><td><a href="${exact(containerWay(member.origin, frame))}">${idMarkup(member.origin)}</a></td><td><bdi>${member.version}</bdi></td><td>${Object.keys(member.images).join(', ')}</td></tr>`)}</tbody></table></div>`
}

function compareForm(name: string, others: readonly StoredChannel[], frame: PageFrame): Markup {
  return html`<form class="ask" action="${exact(channelWay(name, frame))}/diff" method="get">
<label for="with">Compare with</label> <select id="with" name="with">${others.map((one) => html`<option value="${exact(one.channel)}">${exact(one.channel)}</option>`)}</select>
<button type="submit">Show what differs</button></form>`
}

function promotionTable({ channel: name, number }: StoredChannel, history: readonly ChannelState[], frame: PageFrame): Markup {
  const last = history.at(-1)?.number ?? 1
  return html`<div class="wide" tabindex="0" role="region" aria-label="The table of promotions"><table class="history"><caption class="unseen">Promotions of this channel, the newest first</caption>
<thead><tr><th scope="col" class="number">#</th><th scope="col">When</th><th scope="col">What</th><th scope="col">Who</th><th scope="col">Why</th><th scope="col"><span class="unseen">Differences</span></th></tr></thead>
<tbody>${history.map((one) => html`<tr data-number="${one.number}"><td class="number">${one.number}</td><td>${timeMarkup(one.at, frame.now)}</td><td>${one.removed ? 'removed' : html`${quantity(one.set.length, 'image')} ${sourceMarkup(one.from, frame)}`}</td><td>${whoDid(one.by)}</td><td>${one.by.reason}</td><td>${one.number > 1 && html`<a href="${exact(`${channelWay(name, frame)}/diff?from=${one.number - 1}&to=${one.number}`)}">side by side</a>`} ${one.number < number && !one.removed && rollBackLink(name, { number: one.number, frame })}</td></tr>`)}</tbody></table></div>
${last > 1 && history.length === promotionsAPage && olderLink(last)}`
}

/** Where a set came from. */
function sourceMarkup({ channel, release, tag, promotion }: SetSource, frame: PageFrame): MarkupPart {
  if (channel !== undefined) return html`from <a href="${exact(channelWay(channel, frame))}"><bdi>${exact(channel)}</bdi></a>`
  if (release !== undefined) return html`from the release <a href="${exact(releaseWay(release, frame))}"><bdi>${exact(release)}</bdi></a>`
  if (tag !== undefined) return html`from the tag <bdi>${tag}</bdi>`
  return promotion === undefined ? undefined : html`back to promotion ${promotion}`
}
