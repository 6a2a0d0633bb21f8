import { CatalogueError } from '../errors.ts'
import { stringEnd } from './json-scan.ts'

/** How deep JSON may be nested. Newer engines and SQLite have the same limit; OpenSearch itself refuses arrays nested 30 deep. */
export const maxDepth = 1000

/** How many values JSON from a client may have, an object's members and a list's items each counted: reading more would take too long. */
const maxValues = 100_000

export interface JsonBounds {
  /** What the text is, for the message. */
  what: string
  values?: number
}

/** Throws json_invalid for a text too deep or with too many values to be parsed, at a fraction of parsing's cost. */
export function checkJsonBounds(text: string, { what, values: most = maxValues }: JsonBounds): void {
  let [depth, values] = [0, 1]
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x22:
        i = stringEnd(text, i) - 1
        break
      case 0x7b:
      case 0x5b:
        values++
        if (++depth > maxDepth) throw refusal(`${what} is nested deeper than ${maxDepth} levels, the most that is read`)
        break
      case 0x7d:
      case 0x5d:
        depth--
        break
      case 0x2c:
        if (++values > most) throw refusal(`${what} has more than ${most} values, the most that is read`)
    }
  }
}

const refusal = (message: string) => new CatalogueError('json_invalid', message)
