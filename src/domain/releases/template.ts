import { CatalogueError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { conditionHolds, type ExpressionContext, expressionText } from './template-expression.ts'
import { placeInWords, refuseTemplate, type TemplatePart, type TemplatePlace, templateParts } from './template-parts.ts'

/* Templates of image lists, as TripleO writes them: Jinja with keys, conditions and included files, but nothing that could run programs. */

export interface TemplateOptions {
  keys: ReadonlyMap<string, string>
  /** Returns the text of an included file; absent where none may be read. Throws what is wrong with it. */
  include?: (name: string) => string
}

interface Rendering extends TemplateOptions {
  file: string | undefined
  depth: number
  /** Whether the text is part of the result; where not, its keys need not be given. */
  shown: boolean
  missing: { name: string; place: TemplatePlace }[]
}

const maxDepth = 8

/** Fills a template's keys; the rest stays as it is. Throws parameter_invalid with every key not given, or for an unknown statement. */
export function renderTemplate(template: string, options: TemplateOptions): string {
  for (const [name, value] of options.keys) checkValue(name, value)
  const rendering: Rendering = { ...options, file: undefined, depth: 0, shown: true, missing: [] }
  const text = rendered(template, rendering)
  if (rendering.missing.length > 0) refuseMissing(rendering)
  return text
}

/** A value becomes a part of a YAML scalar, quoted or not. */
function checkValue(name: string, value: string): void {
  const wrong = /["'\\\p{Cc}{}\s]/u.exec(value)
  if (!wrong) return
  const found = `${name} is ${JSON.stringify(value.slice(0, 80))}, which contains ${JSON.stringify(wrong[0])}`
  throw new CatalogueError('parameter_invalid', `${found}; expected what may be part of an image's name, such as docker.io/tripleo or v1.2`)
}

function rendered(template: string, rendering: Rendering): string {
  const parts = templateParts(template, rendering.file)
  const { text, rest } = block(parts, rendering)
  if (rest.length > 0) refuseTemplate(rest[0]!.place, `{% ${rest[0]!.text} %} without an if before it`)
  return text
}

interface RenderedBlock {
  text: string
  /** From the statement that ended it. */
  rest: TemplatePart[]
}

/** Renders up to a statement that ends or continues an `if`, or to the end. */
function block(parts: TemplatePart[], rendering: Rendering): RenderedBlock {
  const { shown } = rendering
  let text = ''
  let rest = parts
  while (rest.length > 0) {
    const [part, ...others] = rest as [TemplatePart, ...TemplatePart[]]
    const [word] = part.text.split(/\s+/, 1)
    if (part.kind === 'statement' && ['elif', 'else', 'endif'].includes(word!)) return { text, rest }
    rest = others
    if (part.kind === 'text') text += shown ? part.text : ''
    else if (part.kind === 'value') text += shown ? expressionText(part.text, contextOf(rendering, part)) : ''
    else if (word === 'if') {
      const made = conditional(part, rest, rendering)
      text += made.text
      rest = made.rest
    } else if (shown) text += included(part, rendering)
  }
  return { text, rest }
}

/** Renders an `if` with its alternatives, up to its `endif`. */
function conditional(start: TemplatePart, body: TemplatePart[], rendering: Rendering): RenderedBlock {
  let text = ''
  let rest = body
  let done = !rendering.shown
  for (let branch: TemplatePart = start; ; ) {
    const condition = branch.text.replace(/^\w+\s*/, '')
    const taken = !done && (branch.text === 'else' || conditionHolds(condition, contextOf(rendering, branch)))
    const made = block(rest, { ...rendering, shown: taken })
    text += made.text
    done ||= taken
    const [end, ...others] = made.rest
    if (end === undefined) refuseTemplate(start.place, `{% ${start.text} %} is not closed; expected {% endif %}`)
    rest = others
    if (end.text === 'endif') return { text, rest }
    branch = end
  }
}

function included({ text, place }: TemplatePart, rendering: Rendering): string {
  const [, name] = /^include\s+["']([^"']+)["']$/.exec(text) ?? []
  if (name === undefined)
    refuseTemplate(place, `{% ${text.slice(0, 80)} %} is not understood; expected if, elif, else, endif or include "file"`)
  if (!rendering.include) refuseTemplate(place, `{% ${text} %}: a server reads no files; fill the template with leporello render`)
  if (rendering.depth === maxDepth) refuseTemplate(place, `more than ${maxDepth} files include one another`)
  return rendered(rendering.include(name), { ...rendering, file: name, depth: rendering.depth + 1 })
}

const contextOf = ({ keys, missing }: Rendering, { place }: TemplatePart): ExpressionContext => ({
  keys,
  place,
  onMissing: (name) => missing.push({ name, place })
})

/** The most places that a refusal lists. */
const maxPlaces = 50

function refuseMissing({ missing, keys }: Rendering): never {
  const errors = missing.slice(0, maxPlaces).map(({ name, place }) => {
    const similar = nearest(name, [...keys.keys()])
    const given = keys.size === 0 ? 'no key is given' : `given: ${[...keys.keys()].join(', ')}`
    return { path: placeInWords(place), message: `${name} is not given${similar ? `; did you mean ${similar}?` : `; ${given}`}` }
  })
  const others = missing.length > 1 ? `; and ${missing.length - 1} more` : ''
  const message = `template: ${errors[0]!.path}: ${errors[0]!.message}${others}`
  throw new CatalogueError('parameter_invalid', message, { details: { errors } })
}
