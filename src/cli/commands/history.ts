import { entryKinds } from '../../domain/history/entry.ts'
import type { DiffAnswer, HistoryEntry } from '../../schemas.ts'
import { itemPages, pathOf } from '../client/api.ts'
import { clientCommand, numberOf, print, printPages, textOf } from '../client/client-command.ts'
import { type Colour, harmless, type Paint, paintFor, say } from '../terminal/terminal.ts'

export const history = clientCommand({
  usage: 'history ID [--kind KIND] [--limit N] [--diff FROM [--to TO]] [--url URL] [--json]',
  description:
    'Shows what happened to a container, the newest first: when, what, by whom and why; or what differs between two of its revisions.',
  options: {
    kind: { type: 'string', choices: entryKinds, help: 'only record, expected, pending, build, test, verdict or state' },
    limit: { type: 'string', help: 'at most this many; default: 50' },
    diff: { type: 'string', help: 'show what changed since this revision' },
    to: { type: 'string', help: 'with --diff: up to this revision; default: the current one' }
  },
  examples: [
    ['leporello history container-hello:v1 --kind record', 'see who changed its images'],
    ['leporello history container-hello:v1 --diff k3b0d8f1.12.1', 'see what changed since a revision']
  ],
  needs: ['the id of a container'],
  run: async ({ api, values, positionals: [id], json }) => {
    const from = textOf(values, 'diff')
    if (from !== undefined) {
      const diff = await api.ask<DiffAnswer>({ path: pathOf`/api/v1/containers/${id!}/diff`, query: { from, to: textOf(values, 'to') } })
      if (json) print(diff)
      else for (const line of [diff.summary, ...diff.changes.map(({ message }) => `  ${message}`)]) say(harmless(line))
      return
    }
    const path = pathOf`/api/v1/containers/${id!}/history`
    const most = numberOf(values, { name: 'limit', least: 1 }) ?? 50
    const pages = itemPages<HistoryEntry>(api, { path, query: { kind: textOf(values, 'kind') }, most })
    const paint = paintFor(process.stdout)
    if (json) await printPages(pages)
    else for await (const entries of pages) for (const line of entries.flatMap((entry) => entryLines(entry, paint))) say(line)
  }
})

const colours: { [what: string]: Colour } = { created: 'green', removed: 'red', failed: 'red', noticed: 'yellow', restored: 'green' }

/** An entry of a history as lines of text. */
export function entryLines({ at, kind, what, summary, architecture, revision, by, reason }: HistoryEntry, paint: Paint): string[] {
  const who = [by.identity, by.agent, by.address && `from ${by.address}`, `by ${by.face}`].filter(Boolean).join(' ')
  const about = [kind, architecture].filter(Boolean).join(' ')
  return [
    `${at}  ${paint(harmless(`${about} ${what}`), colours[what] ?? 'bold')}: ${harmless(summary)}`,
    `    ${harmless(who)}${reason ? `: ${harmless(reason)}` : ''}${kind === 'record' && revision ? `  (revision ${revision})` : ''}`
  ]
}
