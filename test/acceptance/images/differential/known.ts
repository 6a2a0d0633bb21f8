import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectFolder } from '../../../support/project.ts'
import type { Asked, Disagreement } from './ask.ts'

/** Disagreements that are expected, and why. Each list is for one fault or one choice. */
export interface Known {
  reason: string
  /** Names of questions; one that ends in `*` stands for all that begin so. */
  questions: readonly string[]
  /** Every loader unless told; a name that ends in `*` likewise. */
  loaders?: readonly string[]
  differences: readonly string[]
}

const file = 'test/acceptance/images/differential/known-disagreements.json'

export const readKnown = (): Record<string, Known[]> =>
  JSON.parse(readFileSync(join(projectFolder, file), 'utf8')) as Record<string, Known[]>

const matches = (pattern: string, name: string) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name)
const oneMatches = (patterns: readonly string[], name: string) => patterns.some((pattern) => matches(pattern, name))

const covers = ({ questions, loaders = ['*'], differences }: Known, { question, loader, difference }: Disagreement) =>
  oneMatches(questions, question) && oneMatches(loaders, loader) && differences.includes(difference)

/** The disagreements that no entry expects. */
export const unexpected = (found: readonly Disagreement[], known: readonly Known[]): Disagreement[] =>
  found.filter((one) => !known.some((entry) => covers(entry, one)))

/** What entries expect that did not come, among the questions that every loader has answered. */
export function unneeded({
  known,
  found,
  asked
}: {
  known: readonly Known[]
  found: readonly Disagreement[]
  asked: readonly Asked[]
}): string[] {
  const answered = ({ loaders = ['*'] }: Known, pattern: string) =>
    asked.every(({ question, left }) => !matches(pattern, question.name) || ![...left].some((loader) => oneMatches(loaders, loader)))
  return known.flatMap((entry) => {
    const met = found.filter((one) => covers(entry, one))
    const told = entry.questions.filter((pattern) => answered(entry, pattern))
    const questions = told.filter((pattern) => !met.some(({ question }) => matches(pattern, question)))
    const complete = told.length === entry.questions.length
    const differences = entry.differences.filter((one) => complete && !met.some(({ difference }) => difference === one))
    return [...questions, ...differences].map((what) => `${what} (${entry.reason})`)
  })
}
