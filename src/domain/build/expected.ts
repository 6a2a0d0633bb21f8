import type { Architecture } from '../architecture.ts'
import { CatalogueError } from '../errors.ts'
import { asFields, type FieldProblem, noOthers, refuseProblems } from '../json/reading.ts'
import { maskSecrets } from '../secrets.ts'
import { checkNodesBounds, nodesFrom, parseNodes } from './nodes.ts'
import { readArchitectures } from './rules.ts'

/** Reads which architectures to expect: `{"architectures": […]}`, or anything that lists a cluster's nodes. Throws parameter_invalid, json_invalid. */
export function parseExpected(text: string): Architecture[] {
  if (!/^\ufeff?\s*\{/.test(text)) return parseNodes(text).architectures
  const value = parsed(text)
  const fields = asFields(value) ?? {}
  if (fields['items'] !== undefined || fields['kind'] !== undefined) return nodesFrom(value).architectures
  const problems: FieldProblem[] = []
  noOthers(fields, { names: ['architectures'], path: '', problems })
  const architectures = readArchitectures(fields['architectures'], { path: 'architectures', problems })
  refuseProblems('body', problems)
  return architectures
}

function parsed(text: string): unknown {
  checkNodesBounds(text, 'the body')
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''))
  } catch (error) {
    throw new CatalogueError('json_invalid', `the body is not JSON: ${maskSecrets((error as Error).message)}`)
  }
}
