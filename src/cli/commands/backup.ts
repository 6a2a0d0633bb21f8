import { resolve } from 'node:path'
import type { TarballCounts } from '../../backup/save-tarballs.ts'
import { saveBackup } from '../../backups.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import { configured, print } from '../client/client-command.ts'
import { progressMs } from '../terminal/progress.ts'
import { type Command, complain, exit, harmless, misuse, say, size, type Values } from '../terminal/terminal.ts'

export const backup: Command = {
  usage: 'backup DIR [--json]',
  description: `Saves all documents and tarballs to a folder, while servers go on writing; configured as for serve, on the machine that has the data
directory. What a document in the backup names is in the backup. Tarballs that the folder has already are not read again, so the next backup
into the same folder is quick; until it is finished, the folder holds the backup before it. It may be interrupted and repeated.

Not in it: resumable uploads that have not ended, summaries and tasks, which are made anew, and demand counts.

Exit status: 0 done, 1 something could not be saved, or it could not be finished, 64 usage.`,
  options: { json: { type: 'boolean', help: 'print the outcome as JSON' } },
  examples: [
    ['leporello backup /backup/leporello', 'save everything, or bring that backup up to date'],
    ['LEPORELLO_DATA=./data leporello backup ./backup', 'save the data directory ./data, also while a server uses it']
  ],
  maxPositionals: 1,
  run: configured('backup', async (config, { values, positionals: [folder] }) => {
    if (folder === undefined) throw misuse('expected the folder of the backup')
    const progress = backupProgress(values)
    const saving = saveBackup(config, { folder: resolve(folder), onProgress: progress.at })
    const { index, counts, absent, unreadable } = await notMisused(saving).finally(progress.end)
    const { containers, jobSpecs, hysdsIos, tarballs } = index.files
    if (values['json'] === true) print({ index, counts, absent, unreadable })
    else {
      say(`containers  ${containers.lines}, job specs ${jobSpecs.lines}, hysds-ios ${hysdsIos.lines}`)
      say(`tarballs    ${savedWords(counts)}, ${tarballs.lines} in all, ${size(index.bytes)}`)
      say(harmless(`Saved to ${folder}.`))
    }
    for (const { key, why } of unreadable.slice(0, shown)) complain(harmless(`leporello: ${key} could not be saved: ${maskSecrets(why)}`))
    if (absent.length > 0) {
      const keys = absent.slice(0, shown).join(', ')
      const which = absent.length === 1 ? 'one tarball' : `${absent.length} tarballs`
      complain(harmless(`leporello: documents name ${which} that this blob store does not have, on another host or lost: ${keys}`))
    }
    return unreadable.length === 0 ? exit.done : exit.wrong
  })
}

/** What a store or a backup refuses is not a wrong use of the command. */
export const notMisused = <Outcome>(work: Promise<Outcome>): Promise<Outcome> =>
  work.catch((cause: Error) => {
    throw new Error(cause.message, { cause })
  })

/** More are printed with --json only. */
const shown = 20

/** Shows counts while they grow: on a terminal in one line, elsewhere in a line now and then. */
export function backupProgress(values: Values) {
  const { stderr } = process
  const quiet = values['json'] === true
  let shown = Date.now()
  return {
    at(counts: TarballCounts): void {
      if (quiet || Date.now() - shown < (stderr.isTTY ? progressMs.draw : progressMs.line)) return
      shown = Date.now()
      stderr.write(stderr.isTTY ? `\r\u001b[Ktarballs: ${savedWords(counts)}` : `tarballs: ${savedWords(counts)}\n`)
    },
    end(): void {
      if (stderr.isTTY && !quiet) stderr.write('\r\u001b[K')
    }
  }
}

export const savedWords = ({ copied, bytes, there }: TarballCounts): string => `${copied} copied (${size(bytes)}), ${there} there already`
