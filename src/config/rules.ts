import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseRules, type Rule } from '../domain/build/rules.ts'
import type { RuleContext } from './config.ts'
import { whyUnreadable } from './files.ts'

/** Returns the rules for containers by the pattern of their ids, from the setting or from the file that it names. */
export function rulesFrom({ settings: { rules: given }, problems, named }: RuleContext): readonly Rule[] {
  if (given === undefined) return []
  const source = named('rules')
  const value = typeof given === 'string' ? read(given, { source, problems }) : given
  if (value === undefined) return []
  const { rules, problems: found } = parseRules(value)
  problems.push(...found.map(({ path, message }) => `${source}: ${path} ${message}`))
  return rules
}

function read(text: string, { source, problems }: { source: string; problems: string[] }): unknown {
  const inline = /^\s*[[{]/.test(text)
  const place = inline ? source : `${source} names ${text}, which`
  try {
    return JSON.parse(inline ? text : readFileSync(resolve(text), 'utf8'))
  } catch (error) {
    const why = error instanceof SyntaxError ? `is not JSON (${error.message})` : whyUnreadable(error)
    problems.push(`${place} ${why}; expected a list of rules such as [{"match": "*", "expected": ["amd64", "arm64"]}], or a file with one`)
    return undefined
  }
}
