import { maskSecrets } from '../../domain/secrets.ts'
import { escapeMarkup } from '../shared/escape-markup.ts'

const written = Symbol('markup')

/** Text that is HTML already. Only this file makes it, so nothing that came from outside can pass for it. */
export interface Markup {
  readonly [written]: string
}

/** What a template takes. Undefined, null and false are nothing; a list is its items, one after another. */
export type MarkupPart = Markup | string | number | null | undefined | false | readonly MarkupPart[]

/** Makes HTML of a template: what is put in is escaped, and the secrets that it carries are masked. Attributes must stand in quotes. */
export const html = (template: TemplateStringsArray, ...contents: readonly MarkupPart[]): Markup => ({
  [written]: String.raw({ raw: template }, ...contents.map(textOf))
})

/** An id as people read it: masked, it would be another one. */
export const nameText = (text: string): Markup => ({ [written]: escapeMarkup(visible(text)) })

/** An id, a cursor or an address, which could not be sent back if it were masked. It is escaped like anything else. */
export const exact = (text: string): Markup => ({ [written]: escapeMarkup(text) })

/** Returns what is sent. */
export const markupText = (markup: Markup): string => markup[written]

/** Characters that are not seen, and those that turn the words around them, are shown as what they are: `\u202e`. */
const visible = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}]/gu, (one) => (/[\n\t]/.test(one) ? one : `\\u${one.codePointAt(0)!.toString(16).padStart(4, '0')}`))

function textOf(content: MarkupPart): string {
  if (content === null || content === undefined || content === false) return ''
  if (typeof content === 'string') return escapeMarkup(visible(maskSecrets(content)))
  if (typeof content === 'number') return String(content)
  return written in content ? content[written] : content.map(textOf).join('')
}
