import type { Cause } from '../../domain/history/entry.ts'
import { isMasked, maskSecrets } from '../../domain/secrets.ts'
import { exact, html, type Markup, type MarkupPart } from './html.ts'

/* Small pieces that stand on several pages. */

/** A clause as a sentence. Names, such as `container:read`, stay as they are. */
export const sentence = (clause: string): string =>
  `${clause.replace(/^[a-z]+(?=[ ,;])/, (word) => word.charAt(0).toUpperCase() + word.slice(1))}${/[.!?]$/.test(clause) ? '' : '.'}`

/** A number of bytes as people read it: `3.2 MB`. */
export function sizeInWords(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return '–'
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const power = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  return power === 0 ? `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}` : `${(bytes / 1000 ** power).toFixed(1)} ${units[power]}`
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

export interface ShellCommand {
  title: MarkupPart
  command: string
}

/** A command to copy. */
export const commandMarkup = ({ title, command }: ShellCommand): Markup => html`<div class="copy"><h3>${title}</h3>
<pre class="command" tabindex="0"><code>${exact(command)}</code></pre></div>`

/** Quotes a text for a POSIX shell, where it needs that. */
export const shellWord = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)

/** The way back: each page but the catalogue begins with it. */
export const breadcrumb = (
  steps: readonly (readonly [href: string, words: MarkupPart])[]
): Markup => html`<nav aria-label="Where this is" class="crumbs"><ol>
${steps.map(([href, words]) => html`<li><a href="${exact(href)}">${words}</a></li>`)}
</ol></nav>`
