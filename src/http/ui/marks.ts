import type { ListedContainer } from '../../catalogue/lists/container-list.ts'
import type { ContainerView, ImageView } from '../../catalogue/lists/image-views.ts'
import type { Architecture } from '../../domain/architecture.ts'
import type { Standing } from '../../domain/build/standing.ts'
import { own } from '../../domain/own.ts'
import { html, type Markup, type MarkupPart } from './html.ts'
import { sizeInWords } from './texts.ts'

/** The words of cells. Their shapes are in the style sheet, by the names of the standings. */
const wordsOf = (standing: Standing): string => standing.replace('-', ' ')

/** What the words mean, for the key below a table. */
export const standingMeanings: Readonly<Record<Standing, string>> = {
  proven: 'its bytes were read, and are for this architecture',
  'no-binaries': 'its bytes were read, and hold no program',
  claimed: 'registered; nobody has read its bytes',
  waiting: 'has arrived, and is published with the others',
  building: 'a builder is at work',
  missing: 'expected, and not there',
  failed: 'its build or test failed, or was not heard of again',
  wrong: 'its bytes are for another architecture, a mixture, or unreadable',
  gone: 'registered, but its tarball is no longer where it was'
}

export const stateMeanings: Readonly<Record<string, string>> = {
  complete: 'every expected architecture is there, and nothing is known to be wrong',
  registered: 'complete, as far as nobody said what is expected',
  partial: 'something has not arrived, or not been read, yet',
  degraded: 'something is wrong, failed or gone'
}

/** Returns a label with the icon of its state. */
export const mark = (state: string, words = state): Markup => html`<span class="mark" data-state="${state}">${words}</span>`

export const standingMark = (standing: Standing): Markup => mark(standing, wordsOf(standing))

/** "complete" would promise too much where nobody said what is expected. */
export function stateMark({ state, expected }: Pick<ContainerView, 'state' | 'expected'>): Markup {
  return mark(state === 'complete' && expected.length === 0 ? 'registered' : state)
}

export function architectureCell({ view, standings }: ListedContainer, architecture: Architecture): Markup {
  const standing = standings.get(architecture)
  if (standing === undefined) return html`<td role="cell"></td>`
  return html`<td role="cell" data-architecture="${architecture}" data-state="${standing}"><span class="mark">${wordsOf(standing)}</span>${readingMarkup(view, architecture)}</td>`
}

/** How far an image has been read, while it is read. */
export function readingMarkup({ images, pending }: ContainerView, architecture: Architecture): MarkupPart {
  const reading = own(pending, architecture)?.reading ?? own(images, architecture)?.reading
  if (!reading) return undefined
  const { read, size } = reading
  const bar = size === null ? html`<progress></progress>` : html`<progress value="${Math.min(read, size)}" max="${size}"></progress>`
  return html`<label class="reading">${bar} <small>${sizeInWords(read)}${size !== null && ` of ${sizeInWords(size)}`} read</small></label>`
}

const verdictStandings: Readonly<Record<ImageView['verdict'], Standing>> = {
  match: 'proven',
  'no-binaries': 'no-binaries',
  unverified: 'claimed',
  mislabelled: 'wrong',
  mixed: 'wrong',
  unreadable: 'wrong'
}

/** How one image stands by itself, whatever its builds and tests say. */
export const verdictMark = ({ verdict, status }: Pick<ImageView, 'verdict' | 'status'>): Markup =>
  standingMark(status === 'gone' ? 'gone' : verdictStandings[verdict])
