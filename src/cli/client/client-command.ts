import { isCatalogueError } from '../../domain/errors.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import { type Command, complain, exit, say, type Values } from '../terminal/command.ts'
import { harmless } from '../terminal/terminal.ts'
import { type Api, apiFor, serverOptions } from './api.ts'
import { type ApiError, misuse, statusOf } from './api-error.ts'
import { withConfig } from './start.ts'

export interface Asked {
  api: Api
  values: Values
  positionals: string[]
  json: boolean
}

export interface ClientCommand extends Pick<Command, 'usage' | 'description' | 'options' | 'examples' | 'completes'> {
  /** The arguments that must be there, as the usage names them. */
  needs?: readonly string[]
  maxPositionals: number
  run(asked: Asked): Promise<number | undefined>
}

/** A command that speaks to a server: it has --url and --json, and its refusals become words and an exit status. */
export const clientCommand = ({ options, description, needs = [], run, ...rest }: ClientCommand): Command => ({
  ...rest,
  description: `${description}

Exit status: 0 done, 1 wrong or refused, 64 usage, 69 server not reachable.`,
  options: { ...options, ...serverOptions, json: { type: 'boolean', help: 'the outcome as JSON, a refusal as well' } },
  run: ({ values, positionals }) =>
    withConfig(
      (config) =>
        attempt({ values, name: rest.usage.split(' ')[0]! }, async () => {
          const missing = needs[positionals.length]
          if (missing !== undefined) throw misuse(`expected ${missing}`)
          return run({ api: apiFor(config, { values }), values, positionals, json: values['json'] === true })
        }),
      { json: values['json'] === true }
    )
})

/** Runs, and says what went wrong: in words, and with --json as JSON too, so that what reads standard output always finds JSON there. */
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
    if (values['json'] === true)
      say(JSON.stringify(known.problem ?? { status: known.status ?? null, code: codeOf(status), detail: words }, null, 2))
    complain(harmless(`leporello: ${words}`))
    if (status === exit.usage) complain(`Try: leporello ${name} --help`)
    return status
  }
}

const codeOf = (status: number) => (status === exit.usage ? 'usage' : status === exit.unreachable ? 'unreachable' : 'refused')

/** The options of every command that writes. */
export const changeOptions = {
  reason: { type: 'string', help: 'why, for the history' },
  'dry-run': { type: 'boolean', help: 'check and answer, but write nothing' }
} as const

/** What they say to the server. */
export function changeOf(values: Values): { query: { dryRun?: true }; headers: Record<string, string>; dryRun: boolean } {
  const dryRun = values['dry-run'] === true
  // in UTF-8, as the server reads it; Node writes headers as Latin-1, and no control characters
  const reason = Buffer.from(textOf(values, 'reason')?.replace(/\p{Cc}/gu, ' ') ?? '').toString('latin1')
  return { query: dryRun ? { dryRun } : {}, headers: reason === '' ? {} : { 'x-reason': reason }, dryRun }
}

/** A text option. */
export const textOf = (values: Values, name: string): string | undefined => {
  const value = values[name]
  return typeof value === 'string' ? value : undefined
}

/** A whole number of at least `least`, given as an option. */
export function numberOf(values: Values, { name, least = 0 }: { name: string; least?: number }): number | undefined {
  const text = textOf(values, name)
  if (text === undefined) return undefined
  if (/^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text)
  throw misuse(`--${name} is ${JSON.stringify(text)}; expected a whole number from ${least}`)
}

export const print = (value: unknown): void => say(JSON.stringify(value, null, 2))
