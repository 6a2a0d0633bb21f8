import { type Config, processConfig } from '../../config/config.ts'
import { isCatalogueError } from '../../domain/errors.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import { badUse, type Command, type CommandLine, complain, exit, harmless, misuse, refuse, say, type Values } from '../terminal/terminal.ts'
import { type Api, type ApiError, apiFor, isAway, serverOptions, trustFrom } from './api.ts'
import type { Trust } from './http-client.ts'

interface ClientCommandInput {
  api: Api
  /** Whose certificates are accepted, by --ca or LEPORELLO_CA. */
  trust: Trust
  values: Values
  positionals: string[]
  json: boolean
}

interface ClientCommand extends Omit<Command, 'run'> {
  /** The arguments that must be given, in order, for messages. */
  needs?: readonly string[]
  /** Returns the exit status, or nothing when all is done. */
  run(input: ClientCommandInput): Promise<number> | Promise<void>
}

/** Makes a command that asks a server: it has --url, --ca and --json, and errors become messages and exit statuses. */
export const clientCommand = ({ options, description, needs = [], run, ...rest }: ClientCommand): Command => ({
  maxPositionals: needs.length,
  ...rest,
  description: `${description}

Exit status: 0 done, 1 wrong or refused, 64 usage, 69 server not reachable.`,
  options: { ...options, ...serverOptions, json: { type: 'boolean', help: 'print the outcome as JSON, also a refusal' } },
  run: configured(rest.usage.split(' ')[0]!, async (config, { values, positionals }) => {
    const missing = needs[positionals.length]
    if (missing !== undefined) throw misuse(`expected ${missing}`)
    const trust = trustFrom(config.client, values)
    const json = values['json'] === true
    return (await run({ api: apiFor(config, { values, trust }), trust, values, positionals, json })) ?? exit.done
  })
})

/** Runs a command with the configuration of this process. Reports an error as `attempt` does. */
export function configured(name: string, run: (config: Config, given: CommandLine) => Promise<number>): Command['run'] {
  return (given) => withConfig(given.values, (config) => attempt({ values: given.values, name }, () => run(config, given)))
}

/** Runs a command. Reports an error in words, and with --json as JSON too, so that standard output always holds JSON then. */
export async function attempt({ values, name }: { values: Values; name: string }, run: () => Promise<number>): Promise<number> {
  try {
    return await run()
  } catch (error) {
    const known: ApiError = isCatalogueError(error) ? misuse(error.message) : (error as ApiError)
    const status = statusOf(known)
    const words = maskSecrets(known.message)
    if (values['json'] === true) print(known.problem ?? { status: known.status ?? null, code: codeOf(status), detail: words })
    complain(harmless(`leporello: ${words}`))
    if (status === exit.usage) complain(`Try: leporello ${name} --help`)
    return status
  }
}

function statusOf(error: ApiError): number {
  if (error.code === badUse) return exit.usage
  return isAway(error) ? exit.unreachable : exit.wrong
}

const codeOf = (status: number) => (status === exit.usage ? 'usage' : status === exit.unreachable ? 'unreachable' : 'refused')

/** The options of every command that writes. */
export const changeOptions = {
  reason: { type: 'string', help: 'why, for the history' },
  'dry-run': { type: 'boolean', help: 'check the request, but write nothing' }
} as const

/** What `changeOptions` mean for a request. */
export function changeOf(values: Values) {
  const dryRun = values['dry-run'] === true
  // the server reads UTF-8; Node writes headers as Latin-1, and refuses control characters
  const reason = Buffer.from(textOf(values, 'reason')?.replace(/\p{Cc}/gu, ' ') ?? '').toString('latin1')
  const headers: Record<string, string> = reason === '' ? {} : { 'x-reason': reason }
  return { query: dryRun ? { dryRun } : {}, headers, dryRun }
}

/** Returns the value of a text option. */
export const textOf = (values: Values, name: string): string | undefined => {
  const value = values[name]
  return typeof value === 'string' ? value : undefined
}

/** Returns the value of an option that is a whole number of at least `least`. */
export function numberOf(values: Values, { name, least = 0 }: { name: string; least?: number }): number | undefined {
  const text = textOf(values, name)
  if (text === undefined) return undefined
  if (/^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text)
  throw misuse(`--${name} is ${JSON.stringify(text)}; expected a whole number from ${least}`)
}

export const print = (value: unknown): void => say(JSON.stringify(value, null, 2))

/** Prints an outcome for a program, or a line for a person. */
export const output = (json: boolean, { value, line }: { value: unknown; line: string }): void =>
  json ? print(value) : say(harmless(line))

/** Prints the warnings of an answer to standard error. */
export function warn(warnings: readonly { message: string }[] = []): void {
  for (const { message } of warnings) complain(harmless(`leporello: ${message}`))
}

/** Runs with the configuration of this process, or reports everything that is wrong with it, with --json as JSON, too. */
export async function withConfig(values: Values, run: (config: Config) => Promise<number | undefined>): Promise<number | undefined> {
  const loaded = processConfig()
  if ('config' in loaded) return run(loaded.config)
  if (values['json'] === true) refuse('configuration', loaded.problems.join('; '))
  complain(`leporello: the configuration is wrong:\n${loaded.problems.map((problem) => `  ${problem}`).join('\n')}`)
  return exit.wrong
}

/** Why the program cannot start or continue, in one sentence without secrets. */
export function failure(error: unknown, { host, port }: Config): string {
  const { code, message } = error as NodeJS.ErrnoException
  const words: Record<string, string> = {
    EADDRINUSE: `${host}:${port} is in use by another program; stop that, or set LEPORELLO_PORT`,
    EACCES: `${host}:${port} may not be used by this user; set LEPORELLO_PORT to a port above 1023`,
    EADDRNOTAVAIL: `${host} is not an address of this machine; set LEPORELLO_HOST`,
    ENOTFOUND: `${host} is not an address of this machine; set LEPORELLO_HOST`
  }
  return maskSecrets((code && words[code]) ?? message)
}

/** Prints items as one JSON array, as they arrive. */
export async function printPages(pages: AsyncIterable<unknown[]>): Promise<void> {
  let before = '['
  for await (const page of pages) {
    for (const item of page) {
      say(before + JSON.stringify(item))
      before = ','
    }
  }
  say(before === '[' ? '[]' : ']')
}
