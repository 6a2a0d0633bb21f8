import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'

interface Operation {
  summary: string
}

const section = /(<!-- routes -->\n)[\s\S]*?(<!-- \/routes -->)/
const base = '/api/v1'

/** docs/api.md with the table of routes that openapi.yaml makes. Paths are from the repository's root. */
export async function apiPage(openapi: string): Promise<string> {
  const text = await readFile('docs/api.md', 'utf8')
  const { paths } = parse(openapi) as { paths: Record<string, Record<string, Operation>> }
  return text.replace(section, (_, begin: string, end: string) => `${begin}${table(paths)}${end}`)
}

const table = (paths: Record<string, Record<string, Operation>>): string =>
  [
    `| under ${base} | what it does |`,
    '|---|---|',
    ...Object.entries(paths)
      .filter(([path]) => path.startsWith(base))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([path, operations]) =>
        Object.entries(operations).map(
          ([method, { summary }]) => `| \`${method.toUpperCase()} ${path.slice(base.length) || '/'}\` | ${summary.replaceAll('|', '\\|')} |`
        )
      ),
    ''
  ].join('\n')
