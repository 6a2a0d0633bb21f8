import type { ParseArgsConfig } from 'node:util'

/** What every command may say in its exit status. */
export const exit = { done: 0, wrong: 1, unreadable: 2, usage: 64, unreachable: 69 } as const

export interface Values {
  [option: string]: string | boolean | (string | boolean)[] | undefined
}

export interface Command {
  /** After `leporello`, such as `serve [--check]`. */
  usage: string
  /** What it does, for its help. */
  description: string
  /** The options beyond --help, as node:util's parseArgs takes them, each with a line for the help, and the words that it takes where those are known. */
  options: Record<string, NonNullable<ParseArgsConfig['options']>[string] & { help: string; choices?: readonly string[] }>
  /** The words that are known of each argument; the last are those of all that follow. */
  completes?: readonly (readonly string[])[]
  examples: { command: string; does: string }[]
  /** How many arguments may stand beside the options. */
  maxPositionals: number
  /** The exit status; undefined when it goes on running. */
  run(given: { values: Values; positionals: string[] }): Promise<number | undefined>
}

export const say = (text: string): void => void process.stdout.write(`${text}\n`)
export const complain = (text: string): void => void process.stderr.write(`${text}\n`)

/** A refusal for a program, on standard output, where no server has said it as a problem. */
export const refuse = (code: string, detail: string): void => say(JSON.stringify({ status: null, code, detail }, null, 2))
