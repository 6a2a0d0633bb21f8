import { readFile } from 'node:fs/promises'
import { withSection } from './section.ts'

interface Setting {
  description: string
  expected: string
  default?: unknown
}

/** docs/configuration.md with the table of settings from schemas/config.json. */
export async function configurationPage(): Promise<string> {
  const { properties } = JSON.parse(await readFile('schemas/config.json', 'utf8')) as { properties: Record<string, Setting> }
  return withSection('docs/configuration.md', { name: 'settings', text: table(properties) })
}

const table = (settings: Record<string, Setting>): string =>
  [
    '| `LEPORELLO_…` | what it is | default |',
    '|---|---|---|',
    ...Object.entries(settings).map(([name, setting]) => `| \`${variable(name)}\` | ${what(setting)} | ${shown(setting.default)} |`),
    ''
  ].join('\n')

/** The variable's name without LEPORELLO_. */
const variable = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()

const what = ({ description, expected }: Setting) => `${description} *${capitalized(expected)}.*`.replaceAll('|', '\\|')

const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

function shown(value: unknown): string {
  const text = Array.isArray(value) ? value.join(',') : String(value ?? '')
  return text === '' ? '' : `\`${text}\``
}
