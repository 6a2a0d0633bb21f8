import { html, type Markup } from './html.ts'

const units = [
  [365 * 24 * 3600, 'year'],
  [30 * 24 * 3600, 'month'],
  [24 * 3600, 'day'],
  [3600, 'hour'],
  [60, 'minute']
] as const

const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' })

/** Returns how long ago a time is, in words: `3 hr. ago`, `yesterday`, `in 2 days`. */
export function timeInWords(time: Date, now: Date): string {
  const seconds = (time.getTime() - now.getTime()) / 1000
  const unit = units.find(([length]) => Math.abs(seconds) >= length)
  return unit ? words.format(Math.trunc(seconds / unit[0]), unit[1]) : 'just now'
}

/** A time in words, with the exact one for whoever points at it and for programs. What is no time stands as it is. */
export function timeMarkup(time: string | null | undefined, now: Date): Markup {
  if (time === null || time === undefined) return html`<span class="none">–</span>`
  const parsed = new Date(time)
  if (Number.isNaN(parsed.getTime())) return html`${time}`
  const exactly = `${parsed.toISOString().slice(0, 19).replace('T', ' ')} UTC`
  return html`<time datetime="${parsed.toISOString()}" title="${exactly}">${timeInWords(parsed, now)}</time>`
}
