import type { RestoreAnswer } from '../../schemas.ts'
import { pathOf } from '../client/api.ts'
import { changeOf, changeOptions, clientCommand, output, warn } from '../client/client-command.ts'
import { exit } from '../terminal/command.ts'

export const restore = clientCommand({
  usage: 'restore ID REVISION [--reason TEXT] [--dry-run] [--url URL] [--json]',
  description:
    'Restores a revision of a container, or a container that was removed. This is a change as well: the history keeps the current revision.',
  options: changeOptions,
  examples: [
    {
      command: "leporello restore container-hello:v1 k3b0d8f1.12.1 --reason 'the rebuild was wrong'",
      does: 'go back to a revision that leporello history shows'
    },
    { command: 'leporello ls --deleted', does: 'find the revision of a removed container' }
  ],
  needs: ['the id of a container', 'a revision, as leporello history shows it'],
  maxPositionals: 2,
  run: async ({ api, values, positionals: [id, revision], json }) => {
    const { query, headers, dryRun } = changeOf(values)
    const path = pathOf`/api/v1/containers/${id!}/restore`
    const answer = await api.ask<RestoreAnswer>({ method: 'POST', path, query, headers, body: { revision } })
    const done = dryRun ? 'would be restored' : `restored, at revision ${answer.container.revision} now`
    output(json, { value: { ...answer, dryRun }, line: `${id}: ${answer.unchanged ? 'is the same already; unchanged' : done}` })
    warn(answer.warnings)
    return exit.done
  }
})
