import { parseArgs } from 'node:util'
import { program } from '../config/program.ts'
import { nearest } from '../domain/nearest.ts'
import { commands } from './commands.ts'
import { helpOf, overview } from './help.ts'
import { type Command, complain, exit, refuse, say, type Values } from './terminal/command.ts'

/** Runs one command line and answers the exit status; undefined while a server goes on running. */
export async function runCommandLine(line: readonly string[]): Promise<number | undefined> {
  const [name, ...rest] = line
  process.stdout.on('error', endQuietly)
  if (name === undefined) return misused('expected a command', '')
  if (name === '--version') return told(program.version)
  if (name === '--help' || name === '-h') return told(overview())
  if (name === 'help') return helpFor(rest[0])
  const entry = commands.get(name)
  if (!entry) return unknownCommand(name)
  return runCommand(name, { command: await entry.load(), rest })
}

/** Who reads what we say has heard enough: `leporello ls | head`. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit(exit.done)
}

async function runCommand(name: string, { command, rest }: { command: Command; rest: string[] }): Promise<number | undefined> {
  const given = parse(command, rest)
  const misusedHere = (problem: string) => misused(problem, `${name} `, 'json' in command.options && rest.includes('--json'))
  if ('problem' in given) return misusedHere(given.problem)
  if (given.values['help']) return told(helpOf(command))
  if (given.positionals.length > command.maxPositionals) {
    return misusedHere(`${JSON.stringify(given.positionals[command.maxPositionals])} is one argument too many`)
  }
  return command.run(given)
}

function parse(command: Command, args: string[]): { values: Values; positionals: string[] } | { problem: string } {
  const options = { ...command.options, help: { type: 'boolean' as const, short: 'h' } }
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true })
  } catch (error) {
    // parseArgs' words for what a person typed; its hints about `--` come after the first sentence
    return { problem: (error as Error).message.split('. ')[0]! }
  }
}

async function helpFor(name: string | undefined): Promise<number> {
  if (name === undefined) return told(overview())
  const entry = commands.get(name)
  return entry ? told(helpOf(await entry.load())) : unknownCommand(name)
}

function unknownCommand(name: string): number {
  const candidate = nearest(name, [...commands.keys(), '--help', '--version'])
  return misused(`${JSON.stringify(name)} is not a command${candidate ? `; did you mean ${candidate}?` : ''}`, '')
}

function told(text: string): number {
  say(text)
  return exit.done
}

function misused(problem: string, command: string, json = false): number {
  if (json) refuse('usage', problem)
  complain(`leporello: ${problem}\nTry: leporello ${command}--help`)
  return exit.usage
}
