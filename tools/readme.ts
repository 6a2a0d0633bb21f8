import { readFile } from 'node:fs/promises'

interface Setting {
  description: string
  expected: string
  default?: unknown
}

const section = /(<!-- settings -->\n)[\s\S]*?(<!-- \/settings -->)/

/** README.md with the table of settings that schemas/config.json makes. Paths are from the repository's root. */
export async function readme(): Promise<string> {
  const text = await readFile('README.md', 'utf8')
  const { properties } = JSON.parse(await readFile('schemas/config.json', 'utf8')) as { properties: Record<string, Setting> }
  return text.replace(section, (_, begin: string, end: string) => `${begin}${table(properties)}${end}`)
}

const table = (settings: Record<string, Setting>): string =>
  [
    '| `LEPORELLO_…` | what it is | default |',
    '|---|---|---|',
    ...Object.entries(settings).map(([name, setting]) => `| \`${variable(name)}\` | ${what(setting)} | ${shown(setting.default)} |`),
    ''
  ].join('\n')

/** Without the LEPORELLO_ that all have. */
const variable = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()

const what = ({ description, expected }: Setting) => `${description} *${capitalized(expected)}.*`.replaceAll('|', '\\|')

const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

function shown(value: unknown): string {
  const text = Array.isArray(value) ? value.join(',') : String(value ?? '')
  return text === '' ? '' : `\`${text}\``
}
