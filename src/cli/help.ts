import { commands } from './commands.ts'
import type { Command } from './terminal/terminal.ts'

export const overview = (): string => `Leporello, a container registry for HySDS that gives every machine the image of its architecture.

Usage: leporello COMMAND [OPTION]...

Commands:
${table([...commands].map(([name, { summary }]) => [name, summary]))}

Options:
${table([
  ['-h, --help', 'print this text, or the help of a command'],
  ['--version', 'print the version']
])}

Settings are LEPORELLO_* variables, or in a JSON file that LEPORELLO_CONFIG names: see schemas/config.json.

Example:
  leporello serve
      serve on http://127.0.0.1:8888, with the embedded store in ./data

Exit status: 0 done, 1 wrong, degraded or refused, 2 unreadable, 64 usage, 69 server not reachable.`

export const helpOf = (command: Command): string => `Usage: leporello ${command.usage}

${command.description}

Options:
${table([...Object.entries(command.options).map(([name, { help }]) => [`--${name}`, help] as const), ['-h, --help', 'print this text']])}

Examples:
${command.examples.map(([line, does]) => `  ${line}\n      ${does}`).join('\n')}`

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n')
}
