import type { RestoreAnswer } from '../../schemas.ts'
import { pathOf } from '../client/api.ts'
import { changeOf, changeOptions, clientCommand, print } from '../client/client-command.ts'
import { complain, exit, say } from '../terminal/command.ts'
import { harmless } from '../terminal/terminal.ts'

export const restore = clientCommand({
  usage: 'restore ID REVISION [--reason TEXT] [--dry-run] [--url URL] [--json]',
  description:
    'Makes a container what it was at a revision, or brings back one that was removed. That is a change too: the history keeps what it was until now.',
  options: changeOptions,
  examples: [
    {
      command: "leporello restore container-hello:v1 k3b0d8f1.12.1 --reason 'the rebuild was wrong'",
      does: 'go back to a revision that leporello history names'
    },
    { command: 'leporello ls --deleted', does: 'find the revision of what was removed' }
  ],
  needs: ['the id of a container', 'a revision, as leporello history tells it'],
  maxPositionals: 2,
  run: async ({ api, values, positionals: [id, revision], json }) => {
    const { query, headers, dryRun } = changeOf(values)
    const path = pathOf`/api/v1/containers/${id!}/restore`
    const answer = await api.ask<RestoreAnswer>({ method: 'POST', path, query, headers, body: { revision } })
    const { container, unchanged, warnings } = answer
    if (json) print({ ...answer, dryRun })
    else {
      const done = unchanged
        ? 'means that already; unchanged'
        : dryRun
          ? 'would be restored'
          : `restored, at revision ${container.revision} now`
      say(harmless(`${id}: ${done}`))
    }
    for (const { message } of warnings) complain(harmless(`leporello: ${message}`))
    return exit.done
  }
})
