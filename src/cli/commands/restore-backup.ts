import { resolve } from 'node:path'
import { loadBackup, verifyBackup } from '../../backups.ts'
import type { Config } from '../../config/config.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import { attempt, print } from '../client/client-command.ts'
import { withConfig } from '../client/start.ts'
import { complain, exit, say, type Values } from '../terminal/command.ts'
import { harmless, size } from '../terminal/terminal.ts'
import { backupProgress, notMisused, savedWords } from './backup.ts'

export interface RestoreBackupInput {
  values: Values
  folder: string
}

/** `leporello restore DIR`. */
export const restoreFromFolder = ({ values, folder }: RestoreBackupInput): Promise<number | undefined> =>
  withConfig((config) => attempt({ values, name: 'restore' }, () => run(config, { values, folder: resolve(folder) })), {
    json: values['json'] === true
  })

async function run(config: Config, { values, folder }: RestoreBackupInput): Promise<number> {
  const progress = backupProgress(values)
  const json = values['json'] === true
  const options = { folder, onProgress: progress.at }
  if (values['dry-run'] === true) {
    const index = await notMisused(verifyBackup(options)).finally(progress.end)
    const { tarballs, containers } = index.files
    if (json) print({ dryRun: true, index })
    else {
      say(
        `The backup of ${index.finished} is whole: ${containers.lines} containers, ${tarballs.lines} tarballs, ${size(index.bytes)}; every byte was read.`
      )
    }
    return exit.done
  }
  const left: { collection: string; id: string; why: string }[] = []
  const onLeft = (collection: string, document: { id: string; why: string }) => {
    if (left.length < shown) left.push({ collection, ...document, why: maskSecrets(document.why) })
  }
  const overwrite = values['overwrite'] === true
  const { index, tarballs, documents, whole } = await notMisused(loadBackup(config, { ...options, overwrite, onLeft })).finally(
    progress.end
  )
  if (json) print({ dryRun: false, index, tarballs, documents, whole, left })
  else {
    say(`containers  ${documents.containers?.created} created, ${documents.containers?.same} there already`)
    say(`tarballs    ${savedWords(tarballs)}`)
    for (const { collection, id, why } of left) complain(harmless(`leporello: ${collection} ${id}: ${why}`))
    if (whole) say(`Restored: everything that the backup of ${index.finished} has is here, byte for byte.`)
    else complain('leporello: the place differs from the backup; --overwrite replaces what differs')
  }
  return whole ? exit.done : exit.wrong
}

/** More are not kept. */
const shown = 20
