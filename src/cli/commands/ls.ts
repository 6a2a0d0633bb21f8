import { knownArchitectures } from '../../domain/architecture.ts'
import type { ContainerView, DeletedPage } from '../../schemas.ts'
import type { Api } from '../client/api.ts'
import { clientCommand, numberOf, textOf } from '../client/client-command.ts'
import { everyPage, printed } from '../client/paging.ts'
import { exit, say, type Values } from '../terminal/command.ts'
import { type Cell, columns, heading, type Paint, paintFor } from '../terminal/terminal.ts'
import { stateColours } from './show.ts'

export const ls = clientCommand({
  usage:
    'ls [GLOB] [--state S] [--arch A] [--missing A] [--verdict V] [--search TEXT] [--sort FIELD] [--reverse] [--limit N] [--deleted] [--url URL] [--json]',
  description: `Lists containers: all, or those that fit. A filter looks at what the server noted of each container and checks it against the
record, so that what is listed fits; what changed in the last moments may not show yet.`,
  options: {
    state: { type: 'string', choices: ['complete', 'partial', 'degraded'], help: 'complete, partial or degraded' },
    arch: { type: 'string', choices: [...knownArchitectures], help: 'with an image for this architecture' },
    missing: { type: 'string', choices: [...knownArchitectures], help: 'that shall have an image for this architecture and have none' },
    verdict: {
      type: 'string',
      choices: ['match', 'mislabelled', 'mixed', 'no-binaries', 'unreadable', 'unverified'],
      help: 'with an image of this verdict, such as mislabelled or unverified'
    },
    version: { type: 'string', help: 'of this version' },
    search: { type: 'string', help: 'with this text in the id or the version' },
    sort: {
      type: 'string',
      choices: ['id', 'version', 'created', 'updated'],
      help: 'id, version, created or updated; default: id'
    },
    reverse: { type: 'boolean', help: 'the last first' },
    limit: { type: 'string', help: 'at most so many; default: all' },
    deleted: { type: 'boolean', help: 'instead those that were removed and can be brought back' }
  },
  examples: [
    { command: "leporello ls 'container-*' --missing arm64", does: 'list what ARM machines cannot run yet' },
    { command: 'leporello ls --state degraded --sort updated --reverse --limit 10', does: 'list what broke last' }
  ],
  maxPositionals: 1,
  run: async ({ api, values, positionals: [name], json }) => {
    const deleted = values['deleted'] === true
    const most = numberOf(values, { name: 'limit', least: 1 }) ?? Number.POSITIVE_INFINITY
    const pages = deleted ? everyPage<Deleted>(api, { path: '/api/v1/deleted', query: {}, most }) : containers(api, { name, values, most })
    const paint = paintFor(process.stdout)
    await (json ? printed(pages) : listed(pages, { paint, ...(deleted ? deletedTable : containerTable) }))
    return exit.done
  }
})

type Deleted = DeletedPage['items'][number]

function containers(api: Api, { name, values, most }: { name: string | undefined; values: Values; most: number }) {
  const query = {
    name,
    state: textOf(values, 'state'),
    architecture: textOf(values, 'arch'),
    missing: textOf(values, 'missing'),
    verdict: textOf(values, 'verdict'),
    version: textOf(values, 'version'),
    q: textOf(values, 'search'),
    sort: values['reverse'] === true ? `-${textOf(values, 'sort') ?? 'id'}` : textOf(values, 'sort')
  }
  return everyPage<ContainerView>(api, { path: '/api/v1/containers', query, most })
}

interface Table {
  titles: string[]
  // what a page of the server holds is known by the path that it came from
  row(item: never): Cell[]
}

async function listed(pages: AsyncIterable<unknown[]>, { titles, row, paint }: Table & { paint: Paint }): Promise<void> {
  let rows = [heading(...titles)]
  for await (const page of pages) {
    if (page.length === 0) continue
    for (const line of columns([...rows, ...page.map((item) => row(item as never))], paint)) say(line)
    rows = []
  }
}

const containerTable: Table = {
  titles: ['CONTAINER', 'VERSION', 'STATE', 'ARCHITECTURES', 'MISSING', 'UPDATED'],
  row: ({ id, version, state, images, missing, updated }: ContainerView) => [
    { text: id, colour: 'bold' },
    { text: version ?? '-' },
    { text: state, colour: stateColours[state] },
    { text: Object.keys(images).join(',') || '-' },
    { text: missing.join(',') || '-', colour: missing.length > 0 ? 'yellow' : undefined },
    { text: updated ?? '-' }
  ]
}

const deletedTable: Table = {
  titles: ['CONTAINER', 'VERSION', 'ARCHITECTURES', 'GONE', 'REMOVED', 'UNTIL', 'REVISION'],
  row: ({ id, version, architectures, tarballs, removed, until, revision }: Deleted) => {
    const gone = tarballs.flatMap(({ status, architecture }) => (status === 'gone' ? (architecture ?? 'its tarball') : []))
    return [
      { text: id },
      { text: version ?? '-' },
      { text: architectures.join(',') || '-' },
      { text: gone.join(',') || '-', colour: gone.length > 0 ? 'yellow' : undefined },
      ...[removed, until, revision].map((text) => ({ text }))
    ]
  }
}
