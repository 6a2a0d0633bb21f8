import { refuseTemplate, type TemplatePlace } from './template-parts.ts'

/** The value of a key or a literal; undefined where nobody gave the key. */
type Value = string | number | boolean

export interface ExpressionContext {
  keys: ReadonlyMap<string, string>
  place: TemplatePlace
  /** Notes a key that nobody gave. */
  onMissing(name: string): void
}

const operand = `[A-Za-z_]\\w*|"[^"]*"|'[^']*'|-?\\d+(?:\\.\\d+)?`
const term = new RegExp(`^(${operand})(?:\\s*\\|\\s*default\\(\\s*(${operand})\\s*(?:,\\s*true\\s*)?\\))?$`)
const comparison = new RegExp(`^(.+?)\\s*(==|!=)\\s*(${operand})$`)

const understood = '{{ key }}, {{ key | default("value") }}, and in conditions ==, !=, not, and, or'

/** Returns the text that replaces `{{ … }}`. */
export function expressionText(text: string, context: ExpressionContext): string {
  return String(termValue(text, context) ?? '')
}

/** Returns whether the condition of `{% if … %}` holds, as Jinja decides it. */
export function conditionHolds(text: string, context: ExpressionContext): boolean {
  const alternatives = text.split(/\s+or\s+/)
  if (alternatives.length > 1) return alternatives.map((one) => conditionHolds(one, context)).includes(true)
  const all = text.split(/\s+and\s+/)
  if (all.length > 1) return !all.map((one) => conditionHolds(one, context)).includes(false)
  const negated = /^not\s+(.+)$/.exec(text)
  if (negated) return !conditionHolds(negated[1]!, context)
  const [, left, operator, right] = comparison.exec(text) ?? []
  if (left === undefined) return isTrue(termValue(text, context))
  const same = String(termValue(left, context)) === String(termValue(right!, context))
  return same === (operator === '==')
}

/** A key given on a command line or in a URL is text, so the words for "no" count as such. */
const isTrue = (value: Value | undefined): boolean =>
  typeof value === 'string' ? !['', 'false', 'no', '0', 'none'].includes(value.toLowerCase()) : Boolean(value)

function termValue(text: string, { keys, place, onMissing }: ExpressionContext): Value | undefined {
  const [, name, otherwise] = term.exec(text.trim()) ?? []
  if (name === undefined) refuseTemplate(place, `${JSON.stringify(text.slice(0, 80))} is not understood; expected ${understood}`)
  const value = operandValue(name, keys)
  if (value !== undefined) return value
  if (otherwise !== undefined) return operandValue(otherwise, keys) ?? missing(otherwise)
  return missing(name)

  function missing(key: string): undefined {
    onMissing(key)
    return undefined
  }
}

function operandValue(text: string, keys: ReadonlyMap<string, string>): Value | undefined {
  if (/^["']/.test(text)) return text.slice(1, -1)
  if (/^-?\d/.test(text)) return Number(text)
  if (/^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true'
  return keys.get(text)
}
