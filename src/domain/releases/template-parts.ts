import { CatalogueError } from '../errors.ts'

/** A place in a template, for messages. */
export interface TemplatePlace {
  /** Of an included file; undefined in the template itself. */
  file: string | undefined
  line: number
  column: number
}

/** A piece of a template: plain text, `{{ … }}`, or `{% … %}`. Comments (`{# … #}`) are left out. */
export interface TemplatePart {
  kind: 'text' | 'value' | 'statement'
  text: string
  place: TemplatePlace
}

const opened = /\{\{-?|\{%-?|\{#/g
const ends = { '{{': '}}', '{%': '%}', '{#': '#}' } as const

/** Cuts a template into its parts. Throws parameter_invalid where one is not closed. */
export function templateParts(template: string, file?: string): TemplatePart[] {
  const parts: TemplatePart[] = []
  const place = placesIn(template, file)
  let from = 0
  for (;;) {
    opened.lastIndex = from
    const match = opened.exec(template)
    const at = match?.index ?? template.length
    if (at > from) parts.push({ kind: 'text', text: template.slice(from, at), place: place(from) })
    if (!match) return parts
    const start = match[0].slice(0, 2) as keyof typeof ends
    const end = template.indexOf(ends[start], at + 2)
    if (end === -1) refuseTemplate(place(at), `${start} is not closed; expected ${ends[start]}`)
    const text = template
      .slice(at + match[0].length, end)
      .replace(/-$/, '')
      .trim()
    if (start !== '{#') parts.push({ kind: start === '{{' ? 'value' : 'statement', text, place: place(at) })
    from = end + 2
  }
}

/** Returns a function that finds the line and the column of an offset. Offsets must not go back. */
function placesIn(template: string, file: string | undefined): (offset: number) => TemplatePlace {
  let [line, lineStart] = [1, 0]
  return (offset) => {
    for (let at = template.indexOf('\n', lineStart); at !== -1 && at < offset; at = template.indexOf('\n', lineStart)) {
      line++
      lineStart = at + 1
    }
    return { file, line, column: offset - lineStart + 1 }
  }
}

export const placeInWords = ({ file, line, column }: TemplatePlace): string =>
  `${file === undefined ? '' : `${file}, `}line ${line}, column ${column}`

/** Throws parameter_invalid with the place. */
export function refuseTemplate(place: TemplatePlace, message: string): never {
  const path = placeInWords(place)
  throw new CatalogueError('parameter_invalid', `template: ${path}: ${message}`, { details: { errors: [{ path, message }] } })
}
