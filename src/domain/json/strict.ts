import { CatalogueError } from '../errors.ts'
import { maskSecrets } from '../secrets.ts'
import { checkJsonBounds, type JsonBounds } from './json-bounds.ts'
import { stringEnd } from './json-scan.ts'

/** Parses JSON in which no object has a name twice (I-JSON, RFC 7493), as readers do not agree which counts. Throws json_invalid. */
export function parseStrict(text: string, bounds: JsonBounds): unknown {
  checkJsonBounds(text, bounds)
  const value = parsed(text.replace(/^\ufeff/, ''), bounds.what)
  const repeated = repeatedMember(text)
  if (repeated === undefined) return value
  const name = maskSecrets(JSON.stringify(repeated.slice(0, 100)))
  throw new CatalogueError('json_invalid', `${bounds.what} has the member ${name} twice in one object; give it once`)
}

function parsed(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new CatalogueError('json_invalid', `${what} is not JSON: ${maskSecrets((error as Error).message)}`)
  }
}

/** Returns the first name that an object has twice, in a text that is valid JSON. */
function repeatedMember(text: string): string | undefined {
  // the names of each object around a place; undefined for a list
  const around: (Set<string> | undefined)[] = []
  let isName = false
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    if (character === '"') {
      const end = stringEnd(text, i)
      const names = around.at(-1)
      if (isName && names) {
        const name = JSON.parse(text.slice(i, end)) as string
        if (names.has(name)) return name
        names.add(name)
      }
      isName = false
      i = end - 1
    } else if (character === '{' || character === '[') {
      around.push(character === '{' ? new Set() : undefined)
      isName = character === '{'
    } else if (character === '}' || character === ']') around.pop()
    else if (character === ',') isName = true
  }
  return undefined
}
