import type { RestoreAnswer } from '../../schemas.ts'
import { pathOf } from '../client/api.ts'
import { changeOf, changeOptions, clientCommand, output, warn } from '../client/client-command.ts'
import { type Command, exit } from '../terminal/command.ts'
import { restoreFromFolder } from './restore-backup.ts'

const restoreRevision = clientCommand({
  usage: 'restore (ID REVISION [--reason TEXT] [--url URL] | DIR [--overwrite]) [--dry-run] [--json]',
  description: `With ID and REVISION: asks a server to restore a revision of a container, or a container that was removed. This is a change as
well: the history keeps the current revision.

With DIR: restores a backup into the configured store, which no server may be using, and which must be empty unless --overwrite is given. Tarballs
come first, and every digest is checked; the documents are compared afterwards. It may be interrupted and repeated.`,
  options: {
    ...changeOptions,
    'dry-run': { type: 'boolean', help: 'write nothing; of a backup, read every byte and check it' },
    overwrite: { type: 'boolean', help: 'restore a backup over what is there: replace what differs, leave what it does not have' }
  },
  examples: [
    {
      command: "leporello restore container-hello:v1 k3b0d8f1.12.1 --reason 'the rebuild was wrong'",
      does: 'go back to a revision that leporello history shows'
    },
    { command: 'leporello ls --deleted', does: 'find the revision of a removed container' },
    { command: 'leporello restore /backup/leporello --dry-run', does: 'check that a backup is whole' },
    { command: 'leporello restore /backup/leporello', does: 'restore a backup into an empty store' }
  ],
  needs: ['the id of a container and a revision, or the folder of a backup'],
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

export const restore: Command = {
  ...restoreRevision,
  run: async (given) =>
    given.positionals.length === 1 ? restoreFromFolder({ values: given.values, folder: given.positionals[0]! }) : restoreRevision.run(given)
}
