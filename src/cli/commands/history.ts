import { entryKinds } from '../../domain/history/entry.ts'
import type { DiffAnswer, HistoryEntry } from '../../schemas.ts'
import { pathOf } from '../client/api.ts'
import { clientCommand, numberOf, print, textOf } from '../client/client-command.ts'
import { everyPage, printed } from '../client/paging.ts'
import { exit, say } from '../terminal/command.ts'
import { type Colour, harmless, type Paint, paintFor } from '../terminal/terminal.ts'

export const history = clientCommand({
  usage: 'history ID [--kind KIND] [--limit N] [--diff FROM [--to TO]] [--url URL] [--json]',
  description:
    'Tells what happened to a container, the newest first: when, what, by whom and why; or what is different between two revisions of it.',
  options: {
    kind: { type: 'string', choices: entryKinds, help: 'only record, expected, pending, build, test, verdict or state' },
    limit: { type: 'string', help: 'at most so many; default: 50' },
    diff: { type: 'string', help: 'a revision: what changed since' },
    to: { type: 'string', help: 'with --diff: until this revision; default: as it is now' }
  },
  examples: [
    { command: 'leporello history container-hello:v1 --kind record', does: 'see who changed its images' },
    { command: 'leporello history container-hello:v1 --diff k3b0d8f1.12.1', does: 'see what is different now' }
  ],
  needs: ['the id of a container'],
  maxPositionals: 1,
  run: async ({ api, values, positionals: [id], json }) => {
    const from = textOf(values, 'diff')
    if (from !== undefined) {
      const diff = await api.ask<DiffAnswer>({ path: pathOf`/api/v1/containers/${id!}/diff`, query: { from, to: textOf(values, 'to') } })
      if (json) print(diff)
      else for (const line of [diff.summary, ...diff.changes.map(({ message }) => `  ${message}`)]) say(harmless(line))
      return exit.done
    }
    const most = numberOf(values, { name: 'limit', least: 1 }) ?? 50
    const pages = everyPage<HistoryEntry>(api, {
      path: pathOf`/api/v1/containers/${id!}/history`,
      query: { kind: textOf(values, 'kind') },
      most
    })
    if (json) await printed(pages)
    else for await (const page of pages) for (const entry of page) for (const line of entryLines(entry, paintFor(process.stdout))) say(line)
    return exit.done
  }
})

const colours: { [what: string]: Colour } = { created: 'green', removed: 'red', failed: 'red', noticed: 'yellow', restored: 'green' }

/** One entry of a history, for people. */
export function entryLines({ at, kind, what, summary, architecture, revision, by, reason }: HistoryEntry, paint: Paint): string[] {
  const who = [by.agent, by.address && `from ${by.address}`, `by ${by.face}`].filter(Boolean).join(' ')
  const about = [kind, architecture].filter(Boolean).join(' ')
  return [
    `${at}  ${paint(harmless(`${about} ${what}`), colours[what] ?? 'bold')}: ${harmless(summary)}`,
    `    ${harmless(who)}${reason ? `: ${harmless(reason)}` : ''}${kind === 'record' && revision ? `  (revision ${revision})` : ''}`
  ]
}
