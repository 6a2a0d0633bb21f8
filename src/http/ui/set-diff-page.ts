import type { Catalogue } from '../../catalogue/catalogue.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { ChannelState, SetMember } from '../../domain/releases/channel.ts'
import { type SetDifference, setDiff } from '../../domain/releases/set-diff.ts'
import { exact, html, type Markup, type MarkupPart } from './html.ts'
import type { DeclarePage, PageCall, PageFrame } from './page-route.ts'
import { breadcrumb, digestMarkup, idMarkup } from './texts.ts'
import { channelWay, containerWay } from './ways.ts'

type TwoSets = readonly [before: ChannelState, after: ChannelState]

/** What differs between two promotions of a channel, or between two channels. */
export function setDiffPage(page: DeclarePage, { channels }: Pick<Catalogue, 'channels'>): void {
  page('/channels/:channel/diff', async ({ params, query, frame }) => {
    const { channel } = params
    const other = query['with']
    const [before, after] =
      other === undefined ? await promotions(channels, channel, query) : await Promise.all([channels.read(channel), channels.read(other)])
    const differences = setDiff(before.set, after.set)
    const main = html`${breadcrumb([
      [`${frame.root}ui/channels`, 'Channels'],
      [channelWay(channel, frame), html`<bdi>${exact(channel)}</bdi>`]
    ])}
<h1>What differs</h1>
${differences.length === 0 ? html`<p class="lead" id="differences">Both sets have the same images.</p>` : table(differences, [before, after], frame)}`
    return { title: `What differs in ${channel}`, section: 'channels', main }
  })
}

/** The last one, and the one before it, where the address does not say. */
async function promotions(channels: Catalogue['channels'], channel: string, between: PageCall['query']): Promise<TwoSets> {
  const [last] = await channels.history(channel, { limit: 1 })
  const to = numberIn('to', between['to']) ?? last!.number
  const from = numberIn('from', between['from']) ?? Math.max(1, to - 1)
  return Promise.all([channels.promotion(channel, from), channels.promotion(channel, to)])
}

function numberIn(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text)
  throw new CatalogueError('parameter_invalid', `${name} is ${JSON.stringify(text.slice(0, 100))}; expected the number of a promotion`)
}

function table(differences: readonly SetDifference[], [before, after]: TwoSets, frame: PageFrame): Markup {
  return html`<div class="wide" tabindex="0" role="region" aria-label="Differences"><table class="compare" id="differences">
<caption class="unseen">Images that differ, side by side</caption>
<thead><tr><th scope="col">Image</th><th scope="col">${nameOf(before)}</th><th scope="col">${nameOf(after)}</th></tr></thead>
<tbody>${differences.map((one) => html`<tr data-change="${changeOf(one)}"><th scope="row"><bdi>${exact(one.repository)}</bdi> <small>${changeOf(one)}</small></th><td class="before">${memberMarkup(one.before, frame)}</td><td class="after">${memberMarkup(one.after, frame)}</td></tr>`)}</tbody></table></div>`
}

const changeOf = ({ before, after }: SetDifference): string => (before === null ? 'added' : after === null ? 'removed' : 'changed')

const nameOf = ({ channel, number }: ChannelState): Markup => html`<bdi>${exact(channel)}</bdi> <small>promotion ${number}</small>`

function memberMarkup(member: SetMember | null, frame: PageFrame): MarkupPart {
  if (member === null) return html`<span class="none">–</span>`
  const { origin, images } = member
  return html`<a href="${exact(containerWay(origin, frame))}">${idMarkup(origin)}</a><ul class="files">${Object.entries(images).map(([architecture, { digest }]) => html`<li>${architecture} ${digestMarkup(digest)}</li>`)}</ul>`
}
