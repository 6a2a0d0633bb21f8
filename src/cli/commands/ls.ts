import { knownArchitectures } from '../../domain/architecture.ts'
import type { ContainerView, DeletedContainer } from '../../schemas.ts'
import { itemPages } from '../client/api.ts'
import { clientCommand, numberOf, printPages, textOf } from '../client/client-command.ts'
import { type Cell, cells, heading, sayColumns, type Values } from '../terminal/terminal.ts'
import { stateCell, worstVerdict } from './show.ts'

export const ls = clientCommand({
  usage:
    'ls [GLOB] [--state S] [--arch A] [--missing A] [--verdict V] [--search TEXT] [--sort FIELD] [--reverse] [--limit N] [--deleted] [--url URL] [--json]',
  description: `Lists all containers, or those that match the filters. Filters use the server's index of containers and then check each record, so
everything listed matches; changes of the last moments may be missing. Where no architectures are expected, the state is "registered"
instead of "complete".`,
  options: {
    state: { type: 'string', choices: ['complete', 'partial', 'degraded'], help: 'complete (or registered), partial or degraded' },
    arch: { type: 'string', choices: [...knownArchitectures], help: 'with an image for this architecture' },
    missing: { type: 'string', choices: [...knownArchitectures], help: 'that must have an image for this architecture and have none' },
    verdict: {
      type: 'string',
      choices: ['match', 'mislabelled', 'mixed', 'no-binaries', 'unreadable', 'unverified'],
      help: 'with an image of this verdict, such as mislabelled or unverified'
    },
    version: { type: 'string', help: 'of this version' },
    search: { type: 'string', help: 'with this text in the id or the version' },
    sort: { type: 'string', choices: ['id', 'version', 'created', 'updated'], help: 'id, version, created or updated; default: id' },
    reverse: { type: 'boolean', help: 'in descending order' },
    limit: { type: 'string', help: 'at most this many; default: all' },
    deleted: { type: 'boolean', help: 'list removed containers that can be restored instead' }
  },
  examples: [
    ["leporello ls 'container-*' --missing arm64", 'list what ARM machines cannot run yet'],
    ['leporello ls --state degraded --sort updated --reverse --limit 10', 'list the last ten that broke']
  ],
  maxPositionals: 1,
  run: async ({ api, values, positionals: [name], json }) => {
    const deleted = values['deleted'] === true
    const most = numberOf(values, { name: 'limit', least: 1 }) ?? Number.POSITIVE_INFINITY
    const pages = deleted
      ? itemPages<DeletedContainer>(api, { path: '/api/v1/deleted', query: {}, most })
      : itemPages<ContainerView>(api, { path: '/api/v1/containers', query: queryOf(name, values), most })
    await (json ? printPages(pages) : printTable(pages, deleted ? deletedTable : containerTable))
  }
})

const queryOf = (name: string | undefined, values: Values) => ({
  name,
  state: textOf(values, 'state'),
  architecture: textOf(values, 'arch'),
  missing: textOf(values, 'missing'),
  verdict: textOf(values, 'verdict'),
  version: textOf(values, 'version'),
  q: textOf(values, 'search'),
  sort: values['reverse'] === true ? `-${textOf(values, 'sort') ?? 'id'}` : textOf(values, 'sort')
})

interface ListTable {
  titles: string[]
  // the type of the items depends on the path that they come from
  row(item: never): Cell[]
}

async function printTable(pages: AsyncIterable<unknown[]>, { titles, row }: ListTable): Promise<void> {
  let rows = [heading(...titles)]
  for await (const page of pages) {
    if (page.length === 0) continue
    sayColumns([...rows, ...page.map((item) => row(item as never))])
    rows = []
  }
}

const containerTable: ListTable = {
  titles: ['CONTAINER', 'VERSION', 'STATE', 'VERDICT', 'ARCHITECTURES', 'MISSING', 'UPDATED'],
  row: (container: ContainerView) => [
    { text: container.id, colour: 'bold' },
    { text: container.version ?? '-' },
    stateCell(container),
    worstVerdict(container),
    { text: Object.keys(container.images).join(',') || '-' },
    { text: container.missing.join(',') || '-', colour: container.missing.length > 0 ? 'yellow' : undefined },
    { text: container.updated ?? '-' }
  ]
}

const deletedTable: ListTable = {
  titles: ['CONTAINER', 'VERSION', 'ARCHITECTURES', 'GONE', 'REMOVED', 'UNTIL', 'REVISION'],
  row: ({ id, version, architectures, tarballs, removed, until, revision }: DeletedContainer) => {
    const gone = tarballs.flatMap(({ status, architecture }) => (status === 'gone' ? (architecture ?? 'its tarball') : []))
    return [
      { text: id },
      { text: version ?? '-' },
      { text: architectures.join(',') || '-' },
      { text: gone.join(',') || '-', colour: gone.length > 0 ? 'yellow' : undefined },
      ...cells(removed, until, revision)
    ]
  }
}
