import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type BackupIndex, backupIn } from './backup/backup-index.ts'
import { type BackupOutcome, makeBackup, type Snapshot } from './backup/make-backup.ts'
import { checkBackup, type LoadParts, type RestoreOutcome, restoreBackup } from './backup/restore-backup.ts'
import type { TarballCounts } from './backup/save-tarballs.ts'
import type { BlobStore } from './blobs/blob-store.ts'
import { openLocalBlobs } from './blobs/local/local-blobs.ts'
import { copiedCollections, storeSource } from './catalogue/containers/copying.ts'
import type { Config } from './config/config.ts'
import { program } from './config/program.ts'
import { digestOf, openBlobs, openStores, sha256, using } from './opening.ts'
import { holdDirectory } from './stores/embedded/lock.ts'
import { embeddedSnapshot } from './stores/embedded/snapshot.ts'

/* Joins backups to the configured stores, for commands. */

/** The folder is that of the backup. */
type SavingOptions = { folder: string; onProgress(counts: TarballCounts): void }

/** Saves the configured stores, which servers may be using, to a folder. */
export async function saveBackup(config: Config, { folder, onProgress }: SavingOptions): Promise<BackupOutcome> {
  mkdirSync(folder, { recursive: true })
  const held = holdDirectory(folder)
  const parts = { folder, onProgress, program: program.version, now: () => new Date() }
  try {
    return await using(openSnapshots(config), ({ snapshot }) =>
      using(openBlobs(config), (blobs) => using(openContents(folder), (contents) => makeBackup({ ...parts, snapshot, blobs, contents })))
    )
  } finally {
    held.release()
  }
}

type RestoringOptions = SavingOptions & Required<Pick<LoadParts, 'overwrite' | 'onLeft'>>

/** Restores a backup into the configured stores. */
export async function loadBackup(config: Config, options: RestoringOptions): Promise<RestoreOutcome> {
  await backupIn(options.folder)
  const parts = { ...options, hash: sha256, now: () => new Date() }
  return using(openStores(config), async (stores) => {
    await stores.migrate()
    return using(openBlobs(config), (blobs) =>
      using(openContents(options.folder), (contents) => restoreBackup({ ...parts, contents }, { stores, blobs }))
    )
  })
}

/** Reads a whole backup, and writes nothing. */
export async function verifyBackup(options: SavingOptions): Promise<BackupIndex> {
  await backupIn(options.folder)
  return using(openContents(options.folder), (contents) => checkBackup({ ...options, contents, digestOf }))
}

const openContents = (folder: string): Promise<BlobStore> => openLocalBlobs({ directory: join(folder, 'tarballs') })

async function openSnapshots(config: Config) {
  if (!config.engine) return { snapshot: async () => snapshotOfData(config), close: async () => {} }
  const stores = await openStores(config)
  return {
    async snapshot(): Promise<Snapshot> {
      const engine = await stores.engine()
      // what was written before this moment is in the backup
      for (const collection of copiedCollections) await stores[collection].refresh()
      return { source: storeSource(stores), engine, close: async () => {} }
    },
    close: () => stores.close()
  }
}

function snapshotOfData(config: Config): Snapshot {
  const { documents, engine, close } = embeddedSnapshot(config)
  return { source: (collection) => documents(collection, { limit: 250 }), engine, close: async () => close() }
}
