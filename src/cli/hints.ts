import { nearest } from '../domain/nearest.ts'
import { own } from '../domain/own.ts'
import { commands, loadCommands } from './commands.ts'
import type { Command } from './terminal/command.ts'

/** Words that people try, and the command that does it. */
const commandSynonyms: { [word: string]: string } = {
  add: 'register',
  check: 'doctor',
  delete: 'rm',
  describe: 'show',
  get: 'show',
  info: 'show',
  list: 'ls',
  log: 'history',
  logs: 'history',
  remove: 'rm',
  run: 'serve',
  server: 'serve',
  start: 'serve',
  status: 'show',
  upload: 'push',
  watch: 'events'
}

/** Options that people try, and what those are called here. */
const optionSynonyms: { [word: string]: string } = {
  architecture: 'arch',
  cacert: 'ca',
  comment: 'reason',
  container: 'id',
  filter: 'search',
  host: 'url',
  max: 'limit',
  message: 'reason',
  name: 'id',
  output: 'json',
  platform: 'arch',
  query: 'search',
  server: 'url',
  tag: 'version'
}

const didYouMean = (word: string | undefined): string => (word === undefined ? '' : `; did you mean ${word}?`)

/** What to say behind a command that does not exist. */
export const commandHint = (name: string): string =>
  didYouMean(own(commandSynonyms, name) ?? nearest(name, [...commands.keys(), '--help', '--version']))

/** What to say behind an option that a command does not have: its own name for it, or the commands that have it. */
export async function optionHint(option: string, { options, usage }: Command): Promise<string> {
  const names = Object.keys(options)
  const word = option.replaceAll('-', '').toLowerCase()
  const meant = names.find((name) => name.replaceAll('-', '') === word || name === own(optionSynonyms, word)) ?? nearest(option, names)
  if (meant !== undefined) return didYouMean(`--${meant}`)
  if (own(optionSynonyms, word) === 'arch' && usage.includes(' [ARCH'))
    return `; the architecture is an argument: leporello ${usage.split('[ARCH', 1)[0]}ARCH`
  const others = (await loadCommands()).filter(({ command }) => Object.hasOwn(command.options, option)).map(({ name }) => name)
  return others.length === 0 ? '' : `; ${others.join(', ')} ${others.length === 1 ? 'has' : 'have'} it`
}
