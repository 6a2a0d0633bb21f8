import type { ParseArgsConfig } from 'node:util'

/** The exit statuses of all commands. */
export const exit = { done: 0, wrong: 1, unreadable: 2, usage: 64, unreachable: 69 } as const

export interface Values {
  [option: string]: string | boolean | (string | boolean)[] | undefined
}

/** As node:util's parseArgs takes it, with a line for the help, and the values that it may have where those are few. */
export type CommandOption = NonNullable<ParseArgsConfig['options']>[string] & { help: string; choices?: readonly string[] }

export interface Command {
  /** After `leporello`, such as `serve [--check]`. */
  usage: string
  /** What it does and its exit statuses, for its help. */
  description: string
  /** The options other than --help. */
  options: Record<string, CommandOption>
  /** The values that each argument may have, for completion; the last list applies to all further arguments. */
  completes?: readonly (readonly string[])[]
  examples: { command: string; does: string }[]
  /** How many arguments it takes at most. */
  maxPositionals: number
  /** Returns the exit status, or undefined when it keeps running. */
  run(given: { values: Values; positionals: string[] }): Promise<number | undefined>
}

export const say = (text: string): void => void process.stdout.write(`${text}\n`)
export const complain = (text: string): void => void process.stderr.write(`${text}\n`)

/** Prints a refusal for programs, in the form of a server's problem document. */
export const refuse = (code: string, detail: string): void => say(JSON.stringify({ status: null, code, detail }, null, 2))
