import type { Architecture } from '../architecture.ts'
import { asFields, type FieldProblem, noOthers, refuseProblems } from '../json/reading.ts'
import { parseStrict } from '../json/strict.ts'
import { maxNodesValues, nodesFrom, parseNodes } from './nodes.ts'
import { readArchitectures } from './rules.ts'

/** Reads which architectures to expect: `{"architectures": […]}`, or anything that lists a cluster's nodes. Throws parameter_invalid, json_invalid. */
export function parseExpected(text: string): Architecture[] {
  if (!/^\ufeff?\s*\{/.test(text)) return parseNodes(text).architectures
  const value = parseStrict(text, { what: 'the body', values: maxNodesValues })
  const fields = asFields(value) ?? {}
  if (fields['items'] !== undefined || fields['kind'] !== undefined) return nodesFrom(value).architectures
  const problems: FieldProblem[] = []
  noOthers(fields, { names: ['architectures'], path: '', problems })
  const architectures = readArchitectures(fields['architectures'], { path: 'architectures', problems })
  refuseProblems('body', problems)
  return architectures
}
