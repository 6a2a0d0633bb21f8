import { nearest } from '../domain/nearest.ts'
import { commands, loadCommands } from './commands.ts'
import type { Command } from './terminal/terminal.ts'

/** Words that people try, by the command that does it. */
const commandSynonyms = {
  doctor: ['check'],
  events: ['watch'],
  history: ['log', 'logs'],
  ls: ['list'],
  push: ['upload'],
  register: ['add'],
  rm: ['delete', 'remove'],
  serve: ['run', 'server', 'start'],
  show: ['describe', 'get', 'info', 'status']
}

/** Names of options that people try, by what those are called here. */
const optionSynonyms = {
  arch: ['architecture', 'platform'],
  ca: ['cacert'],
  id: ['container', 'name'],
  json: ['output'],
  limit: ['max'],
  reason: ['comment', 'message'],
  search: ['filter', 'query'],
  url: ['host', 'server'],
  version: ['tag']
}

const meantBy = (word: string, synonyms: { [name: string]: string[] }): string | undefined =>
  Object.entries(synonyms).find(([, words]) => words.includes(word))?.[0]

const didYouMean = (word: string | undefined): string => (word === undefined ? '' : `; did you mean ${word}?`)

/** What to say behind a command that does not exist. */
export const commandHint = (name: string): string =>
  didYouMean(meantBy(name, commandSynonyms) ?? nearest(name, [...commands.keys(), '--help', '--version']))

/** What to say behind an option that a command does not have: its own name for it, or the commands that have it. */
export async function optionHint(option: string, { options, usage }: Command): Promise<string> {
  const names = Object.keys(options)
  const word = option.replaceAll('-', '').toLowerCase()
  const meant = names.find((name) => name.replaceAll('-', '') === word || name === meantBy(word, optionSynonyms)) ?? nearest(option, names)
  if (meant !== undefined) return didYouMean(`--${meant}`)
  if (meantBy(word, optionSynonyms) === 'arch' && usage.includes(' [ARCH'))
    return `; the architecture is an argument: leporello ${usage.split('[ARCH', 1)[0]}ARCH`
  const others = (await loadCommands()).filter(({ command }) => Object.hasOwn(command.options, option)).map(({ name }) => name)
  return others.length === 0 ? '' : `; ${others.join(', ')} ${others.length === 1 ? 'has' : 'have'} it`
}
