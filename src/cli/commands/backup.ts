import { resolve } from 'node:path'
import type { TarballCounts } from '../../backup/save-tarballs.ts'
import { saveBackup } from '../../backups.ts'
import type { Config } from '../../config/config.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import { misuse } from '../client/api-error.ts'
import { attempt, print } from '../client/client-command.ts'
import { withConfig } from '../client/start.ts'
import { type Command, complain, exit, say, type Values } from '../terminal/command.ts'
import { type CountedProgress, createCountedProgress } from '../terminal/progress.ts'
import { harmless, size } from '../terminal/terminal.ts'

export const backup: Command = {
  usage: 'backup DIR [--json]',
  description: `Saves all documents and tarballs to a folder, while servers go on writing; configured as for serve, on the machine that has the data
directory. What a document in the backup names is in the backup. Tarballs that the folder has already are not read again, so the next backup
into the same folder is quick; until it is finished, the folder holds the backup before it. It may be interrupted and repeated.

Not in it: resumable uploads that have not ended, summaries and tasks, which are made anew, and demand counts.

Exit status: 0 done, 1 something could not be saved, or it could not be finished, 64 usage.`,
  options: { json: { type: 'boolean', help: 'print the outcome as JSON' } },
  examples: [
    { command: 'leporello backup /backup/leporello', does: 'save everything, or bring that backup up to date' },
    { command: 'LEPORELLO_DATA=./data leporello backup ./backup', does: 'save the data directory ./data, also while a server uses it' }
  ],
  maxPositionals: 1,
  run: ({ values, positionals }) =>
    withConfig((config) => attempt({ values, name: 'backup' }, () => run(config, { values, folder: positionals[0] })), {
      json: values['json'] === true
    })
}

/** What a store or a backup refuses is not a wrong use of the command. */
export const notMisused = <Outcome>(work: Promise<Outcome>): Promise<Outcome> =>
  work.catch((cause: Error) => {
    throw new Error(cause.message, { cause })
  })

/** More are printed with --json only. */
const shown = 20

async function run(config: Config, { values, folder }: { values: Values; folder: string | undefined }): Promise<number> {
  if (folder === undefined) throw misuse('expected the folder of the backup')
  const progress = backupProgress(values)
  const { index, counts, absent, unreadable } = await notMisused(
    saveBackup(config, { folder: resolve(folder), onProgress: progress.at })
  ).finally(progress.end)
  if (values['json'] === true) print({ index, counts, absent, unreadable })
  else {
    say(`containers  ${index.files.containers.lines}, job specs ${index.files.jobSpecs.lines}, hysds-ios ${index.files.hysdsIos.lines}`)
    say(`tarballs    ${savedWords(counts)}, ${index.files.tarballs.lines} in all, ${size(index.bytes)}`)
    say(harmless(`Saved to ${folder}.`))
  }
  for (const { key, why } of unreadable.slice(0, shown)) complain(harmless(`leporello: ${key} could not be saved: ${maskSecrets(why)}`))
  if (absent.length > 0) {
    const keys = absent.slice(0, shown).join(', ')
    const which = absent.length === 1 ? 'one tarball' : `${absent.length} tarballs`
    complain(harmless(`leporello: documents name ${which} that this blob store does not have, on another host or lost: ${keys}`))
  }
  return unreadable.length === 0 ? exit.done : exit.wrong
}

export const backupProgress = (values: Values): CountedProgress<TarballCounts> =>
  createCountedProgress({ show: (counts) => `tarballs: ${savedWords(counts)}`, quiet: values['json'] === true, stream: process.stderr })

export const savedWords = ({ copied, bytes, there }: TarballCounts): string => `${copied} copied (${size(bytes)}), ${there} there already`
