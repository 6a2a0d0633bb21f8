import { parse } from 'yaml'
import { withSection } from './section.ts'

interface Operation {
  summary: string
}

const base = '/api/v1'

/** docs/api.md with the table of routes from openapi.yaml. */
export async function apiPage(openapi: string): Promise<string> {
  const { paths } = parse(openapi) as { paths: Record<string, Record<string, Operation>> }
  return withSection('docs/api.md', { name: 'routes', text: table(paths) })
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
