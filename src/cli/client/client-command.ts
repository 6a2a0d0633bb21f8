import type { Config } from '../../config/config.ts'
import { isCatalogueError } from '../../domain/errors.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import { type Command, complain, exit, say, type Values } from '../terminal/command.ts'
import { harmless } from '../terminal/terminal.ts'
import { type Api, apiFor, serverOptions } from './api.ts'
import { type ApiError, misuse, statusOf } from './api-error.ts'
import type { Trust } from './http-client.ts'
import { withConfig } from './start.ts'
import { trustFrom } from './trust.ts'

export interface ClientCommandInput {
  api: Api
  /** Whose certificates are accepted, by --ca or LEPORELLO_CA. */
  trust: Trust
  values: Values
  positionals: string[]
  json: boolean
}

export interface ClientCommand extends Pick<Command, 'usage' | 'description' | 'options' | 'examples' | 'completes'> {
  /** The arguments that must be given, in order, for messages. */
  needs?: readonly string[]
  maxPositionals: number
  run(input: ClientCommandInput): Promise<number | undefined>
}

/** Makes a command that asks a server: it has --url, --ca and --json, and errors become messages and exit statuses. */
export const clientCommand = ({ options, description, needs = [], run, ...rest }: ClientCommand): Command => ({
  ...rest,
  description: `${description}

Exit status: 0 done, 1 wrong or refused, 64 usage, 69 server not reachable.`,
  options: { ...options, ...serverOptions, json: { type: 'boolean', help: 'print the outcome as JSON, also a refusal' } },
  run: ({ values, positionals }) => {
    const json = values['json'] === true
    const runWith = (config: Config) =>
      attempt({ values, name: rest.usage.split(' ')[0]! }, async () => {
        const missing = needs[positionals.length]
        if (missing !== undefined) throw misuse(`expected ${missing}`)
        const trust = trustFrom(config.client, values)
        return run({ api: apiFor(config, { values, trust }), trust, values, positionals, json })
      })
    return withConfig(runWith, { json })
  }
})

/** Runs a command. Reports an error in words, and with --json as JSON too, so that standard output always holds JSON then. */
export async function attempt<Status>(
  { values, name }: { values: Values; name: string },
  run: () => Promise<Status>
): Promise<Status | number> {
  try {
    return await run()
  } catch (error) {
    const known = isCatalogueError(error) ? misuse(error.message) : (error as ApiError)
    const status = statusOf(known)
    const words = maskSecrets(known.message)
    if (values['json'] === true) print(known.problem ?? { status: known.status ?? null, code: codeOf(status), detail: words })
    complain(harmless(`leporello: ${words}`))
    if (status === exit.usage) complain(`Try: leporello ${name} --help`)
    return status
  }
}

const codeOf = (status: number) => (status === exit.usage ? 'usage' : status === exit.unreachable ? 'unreachable' : 'refused')

/** The options of every command that writes. */
export const changeOptions = {
  reason: { type: 'string', help: 'why, for the history' },
  'dry-run': { type: 'boolean', help: 'check the request, but write nothing' }
} as const

/** What `changeOptions` mean for a request. */
export interface ChangeRequest {
  query: { dryRun?: true }
  headers: Record<string, string>
  dryRun: boolean
}

export function changeOf(values: Values): ChangeRequest {
  const dryRun = values['dry-run'] === true
  // the server reads UTF-8; Node writes headers as Latin-1, and refuses control characters
  const reason = Buffer.from(textOf(values, 'reason')?.replace(/\p{Cc}/gu, ' ') ?? '').toString('latin1')
  return { query: dryRun ? { dryRun } : {}, headers: reason === '' ? {} : { 'x-reason': reason }, dryRun }
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
