import { resolve } from 'node:path'
import { loadBackup, verifyBackup } from '../../backups.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import type { RestoreAnswer } from '../../schemas.ts'
import { pathOf } from '../client/api.ts'
import { changeOf, changeOptions, clientCommand, configured, output, print, warn } from '../client/client-command.ts'
import { type Command, complain, exit, harmless, say, size } from '../terminal/terminal.ts'
import { backupProgress, notMisused, savedWords } from './backup.ts'

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
    [
      "leporello restore container-hello:v1 k3b0d8f1.12.1 --reason 'the rebuild was wrong'",
      'go back to a revision that leporello history shows'
    ],
    ['leporello ls --deleted', 'find the revision of a removed container'],
    ['leporello restore /backup/leporello --dry-run', 'check that a backup is whole'],
    ['leporello restore /backup/leporello', 'restore a backup into an empty store']
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
  }
})

/** `leporello restore DIR`. */
const restoreFromFolder = configured('restore', async (config, { values, positionals: [given] }) => {
  const folder = resolve(given!)
  const progress = backupProgress(values)
  const json = values['json'] === true
  const options = { folder, onProgress: progress.at }
  if (values['dry-run'] === true) {
    const index = await notMisused(verifyBackup(options)).finally(progress.end)
    const { tarballs, containers } = index.files
    const holds = `${containers.lines} containers, ${tarballs.lines} tarballs, ${size(index.bytes)}`
    if (json) print({ dryRun: true, index })
    else say(`The backup of ${index.finished} is whole: ${holds}; every byte was read.`)
    return exit.done
  }
  const left: { collection: string; id: string; why: string }[] = []
  const onLeft = (collection: string, document: { id: string; why: string }) => {
    if (left.length < shown) left.push({ collection, ...document, why: maskSecrets(document.why) })
  }
  const overwrite = values['overwrite'] === true
  const loading = loadBackup(config, { ...options, overwrite, onLeft })
  const { index, tarballs, documents, whole } = await notMisused(loading).finally(progress.end)
  if (json) print({ dryRun: false, index, tarballs, documents, whole, left })
  else {
    say(`containers  ${documents.containers?.created} created, ${documents.containers?.same} there already`)
    say(`tarballs    ${savedWords(tarballs)}`)
    for (const { collection, id, why } of left) complain(harmless(`leporello: ${collection} ${id}: ${why}`))
    if (whole) say(`Restored: everything that the backup of ${index.finished} has is here, byte for byte.`)
    else complain('leporello: the place differs from the backup; --overwrite replaces what differs')
  }
  return whole ? exit.done : exit.wrong
})

/** More are not kept. */
const shown = 20

export const restore: Command = {
  ...restoreRevision,
  run: (given) => (given.positionals.length === 1 ? restoreFromFolder(given) : restoreRevision.run(given))
}
