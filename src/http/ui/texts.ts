import type { Cause } from '../../domain/history/entry.ts'
import { repositoryOf } from '../../domain/image/storage.ts'
import { isMasked, maskSecrets } from '../../domain/secrets.ts'
import { exact, html, type Markup, type MarkupPart, nameText } from './html.ts'
import type { PageFrame } from './page-route.ts'
import { catalogueWay, containerWay } from './ways.ts'

/* Small pieces that stand on several pages. */

/** A clause as a sentence. Names, such as `container:read`, stay as they are. */
export const sentence = (clause: string): string =>
  `${clause.replace(/^[a-z]+(?=[ ,;])/, (word) => word.charAt(0).toUpperCase() + word.slice(1))}${/[.!?]$/.test(clause) ? '' : '.'}`

/** An id with its tag set apart. Each part has a direction of its own, so that a name cannot rearrange the words around it. */
export function idMarkup(id: string): Markup {
  const repository = repositoryOf(id)
  return html`<span class="id"><bdi>${nameText(repository)}</bdi><b><bdi>${nameText(id.slice(repository.length))}</bdi></b></span>`
}

/** `1 image`, `2 images`. */
export const quantity = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`

/** A number of bytes as people read it: `3.2 MB`. */
export function sizeInWords(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return '–'
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const power = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  return power === 0 ? `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}` : `${(bytes / 1000 ** power).toFixed(1)} ${units[power]}`
}

const timeUnits = [
  [365 * 24 * 3600, 'year'],
  [30 * 24 * 3600, 'month'],
  [24 * 3600, 'day'],
  [3600, 'hour'],
  [60, 'minute']
] as const

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' })

/** Returns how long ago a time is, in words: `3 hr. ago`, `yesterday`, `in 2 days`. */
export function timeInWords(time: Date, now: Date): string {
  const seconds = (time.getTime() - now.getTime()) / 1000
  const unit = timeUnits.find(([length]) => Math.abs(seconds) >= length)
  return unit ? relative.format(Math.trunc(seconds / unit[0]), unit[1]) : 'just now'
}

/** Returns a time in words, with the exact time in its title and `datetime`. Text that is not a time is shown unchanged. */
export function timeMarkup(time: string | null | undefined, now: Date): Markup {
  if (time === null || time === undefined) return html`<span class="none">–</span>`
  const parsed = new Date(time)
  if (Number.isNaN(parsed.getTime())) return html`${time}`
  const exactly = `${parsed.toISOString().slice(0, 19).replace('T', ' ')} UTC`
  return html`<time datetime="${parsed.toISOString()}" title="${exactly}">${timeInWords(parsed, now)}</time>`
}

/** A digest, so long that people can tell two apart; the whole of it for whoever points at it. */
export function digestMarkup(digest: string | null | undefined): Markup {
  if (digest === null || digest === undefined || digest === '') return html`<span class="none">–</span>`
  const short = digest.replace(/^((?:sha256:)?[0-9a-f]{12})[0-9a-f]{20,}$/, '$1…')
  return short === digest ? html`<code>${digest}</code>` : html`<code title="${digest}">${short}</code>`
}

/** A way to another site: only of an address that a browser opens as a page, and that carries no secret; any other stays text. */
export function linkElsewhere(address: string, words: MarkupPart = address): Markup {
  const isPage = /^https?:\/\//i.test(address) && URL.canParse(address) && maskSecrets(address) === address && !isMasked(address)
  return isPage ? html`<a href="${exact(address)}" rel="noopener noreferrer nofollow">${words}</a>` : html`<bdi>${address}</bdi>`
}

/** Who did something: the identity, or else the program and the face that it came by. */
export function whoDid(by: Pick<Cause, 'face' | 'agent'> & { identity?: string | null }): Markup {
  if (by.face === 'background') return html`<bdi>${by.identity ?? 'this server'}</bdi>`
  const way = [by.agent?.split(/[/\s(]/, 1)[0], `by ${by.face}`].filter(Boolean).join(' ')
  return html`<bdi>${by.identity ?? 'anonymous'}</bdi> <small>${way}</small>`
}

/** Names and values; those without a value are left out. */
export const factList = (facts: readonly (readonly [name: string, value: MarkupPart])[]): Markup => html`<dl class="facts">
${facts.filter(([, value]) => value !== undefined && value !== null && value !== false && value !== '').map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
</dl>`

export type ShellCommand = { title: MarkupPart; command: string }

/** A command to copy. */
export const commandMarkup = ({ title, command }: ShellCommand): Markup => html`<div class="copy"><h3>${title}</h3>
<pre class="command" tabindex="0"><code>${exact(command)}</code></pre></div>`

/** Quotes a text for a POSIX shell, where it needs that. */
export const shellWord = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)

/** The way back: each page but the catalogue begins with it. */
export function breadcrumb(steps: readonly (readonly [href: string, words: MarkupPart])[]): Markup {
  return html`<nav aria-label="Where this is" class="crumbs"><ol>
${steps.map(([href, words]) => html`<li><a href="${exact(href)}">${words}</a></li>`)}
</ol></nav>`
}

/** The way back to the catalogue, or to a container in it. */
export const catalogueCrumbs = (frame: Pick<PageFrame, 'root'>, id?: string): Markup =>
  breadcrumb([[catalogueWay(frame), 'Catalogue'], ...(id === undefined ? [] : [[containerWay(id, frame), idMarkup(id)] as const])])

/** Returns a link to the page of older items. */
export const olderLink = (cursor: string | number): Markup =>
  html`<nav class="pager" aria-label="Pages"><a rel="next" href="?${exact(String(new URLSearchParams({ cursor: String(cursor) })))}">Older</a></nav>`
