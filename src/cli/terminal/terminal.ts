import type { ParseArgsConfig } from 'node:util'

/** The exit statuses of all commands. */
export const exit = { done: 0, wrong: 1, unreadable: 2, usage: 64, unreachable: 69 } as const

export type Values = { [option: string]: string | boolean | (string | boolean)[] | undefined }

/** As node:util's parseArgs takes it, with a line for the help, and the values that it may have where those are few. */
type CommandOption = NonNullable<ParseArgsConfig['options']>[string] & { help: string; choices?: readonly string[] }

export interface Command {
  /** After `leporello`, such as `serve [--check]`. */
  usage: string
  /** What it does and its exit statuses, for its help. */
  description: string
  /** The options other than --help. */
  options: Record<string, CommandOption>
  /** The values that each argument may have, for completion; the last list applies to all further arguments. */
  completes?: readonly (readonly string[])[]
  examples: (readonly [command: string, does: string])[]
  /** How many arguments it takes at most; none unless given. */
  maxPositionals?: number
  /** Returns the exit status, or undefined when it keeps running. */
  run(given: CommandLine): Promise<number | undefined>
}

export type CommandLine = { values: Values; positionals: string[] }

export const say = (text: string): void => void process.stdout.write(`${text}\n`)
export const complain = (text: string): void => void process.stderr.write(`${text}\n`)

/** Prints a refusal for programs, in the form of a server's problem document. */
export const refuse = (code: string, detail: string): void => say(JSON.stringify({ status: null, code, detail }, null, 2))

/** The code of an error when the command line cannot be right. */
export const badUse = 'LEPORELLO_USAGE'

export const misuse = (problem: string): Error & { code: string } => Object.assign(new Error(problem), { code: badUse })

/** Throws a usage error; for use in place of a value that must be given. */
export const missing = (problem: string): never => {
  throw misuse(problem)
}

/** Escapes control characters, and those that change the direction of text: names from a server or an archive must not steer the terminal. */
export const harmless = (line: string): string =>
  line.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (char) => `\\u${char.codePointAt(0)!.toString(16).padStart(4, '0')}`)

const codes = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const

export type Colour = keyof typeof codes
export type Paint = (text: string, colour: Colour) => string

const plain: Paint = (text) => text
const coloured: Paint = (text, colour) => `\u001b[${codes[colour][0]}m${text}\u001b[${codes[colour][1]}m`

/** Colours on a terminal that has them, unless NO_COLOR is set; none elsewhere. */
export const paintFor = (stream: NodeJS.WriteStream): Paint => (stream.isTTY && stream.hasColors() ? coloured : plain)

export type Cell = { text: string; colour?: Colour | undefined }

/** Lines of columns as wide as their widest cell, with two spaces between. */
export function columns(rows: readonly (readonly Cell[])[], paint: Paint): string[] {
  const clean = rows.map((row) => row.map(({ text, colour }) => ({ text: harmless(text), colour })))
  const widths = clean[0]?.map((_, at) => Math.max(...clean.map((row) => row[at]!.text.length))) ?? []
  return clean.map((row) =>
    row
      .map(({ text, colour }, at) => {
        const gap = at === row.length - 1 ? '' : ' '.repeat(widths[at]! - text.length + 2)
        return (colour && text !== '' ? paint(text, colour) : text) + gap
      })
      .join('')
      .trimEnd()
  )
}

/** Prints rows as columns. */
export function sayColumns(rows: readonly (readonly Cell[])[]): void {
  for (const line of columns(rows, paintFor(process.stdout))) say(line)
}

export const cells = (...texts: string[]): Cell[] => texts.map((text) => ({ text }))
export const heading = (...texts: string[]): Cell[] => texts.map((text) => ({ text, colour: 'dim' }))

/** A size in bytes as `3.2 MB`. */
export function size(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return '-'
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3))
  const value = bytes / 1000 ** step
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[step]}`
}

/** `1 image`, `2 images`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
