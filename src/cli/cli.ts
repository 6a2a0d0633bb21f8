import { parseArgs } from 'node:util'
import { program, quietSdkWarning } from '../config/program.ts'
import { commands } from './commands.ts'
import { helpOf, overview } from './help.ts'
import { commandHint, optionHint } from './hints.ts'
import { type Command, type CommandLine, complain, exit, refuse, say } from './terminal/terminal.ts'

/** Runs one command line and returns the exit status, or undefined while a server keeps running. */
export async function runCommandLine(line: readonly string[]): Promise<number | undefined> {
  const [name, ...rest] = line
  process.stdout.on('error', endQuietly)
  quietSdkWarning()
  if (name === undefined) return misused('expected a command', '')
  if (name === '--version') return answered(program.version)
  if (name === '--help' || name === '-h') return answered(overview())
  if (name === 'help') return helpFor(rest[0])
  const entry = commands.get(name)
  return entry ? runCommand(name, { command: await entry.load(), rest }) : unknownCommand(name)
}

/** The reader of our output may have read enough: `leporello ls | head`. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit(exit.done)
}

async function runCommand(name: string, { command, rest }: { command: Command; rest: string[] }): Promise<number | undefined> {
  const given = await parse(command, rest)
  if ('problem' in given) return misused(given.problem, `${name} `, 'json' in command.options && rest.includes('--json'))
  return given.values['help'] ? answered(helpOf(command)) : command.run(given)
}

async function parse(command: Command, args: string[]): Promise<CommandLine | { problem: string }> {
  const { maxPositionals: most = 0 } = command
  const options = { ...command.options, help: { type: 'boolean' as const, short: 'h' } }
  try {
    const given: CommandLine = parseArgs({ args, options, allowPositionals: true, strict: true })
    if (given.values['help'] || given.positionals.length <= most) return given
    return { problem: `${JSON.stringify(given.positionals[most])} is one argument too many` }
  } catch (error) {
    // without parseArgs' hints about `--`, which follow in a second sentence
    const problem = (error as Error).message.split('. ')[0]!
    const [, unknown] = /^Unknown option '--(.+)'$/.exec(problem) ?? []
    return { problem: problem + (unknown === undefined ? '' : await optionHint(unknown, command)) }
  }
}

async function helpFor(name: string | undefined): Promise<number> {
  if (name === undefined) return answered(overview())
  const entry = commands.get(name)
  return entry ? answered(helpOf(await entry.load())) : unknownCommand(name)
}

const unknownCommand = (name: string): number => misused(`${JSON.stringify(name)} is not a command${commandHint(name)}`, '')

function answered(text: string): number {
  say(text)
  return exit.done
}

function misused(problem: string, command: string, json = false): number {
  if (json) refuse('usage', problem)
  complain(`leporello: ${problem}\nTry: leporello ${command}--help`)
  return exit.usage
}
