import { mkdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { CatalogueError } from '../../domain/errors.ts'
import { coalesce } from '../coalesce.ts'
import { perCollection, type Stores, tableNames } from '../document-store.ts'
import { embeddedDocuments } from './documents.ts'
import { openingError } from './failures.ts'
import { createLink, type Link, toError } from './link.ts'
import { holdDirectory } from './lock.ts'
import type { Outcome, Table, WriteRequest } from './messages.ts'
import { createReader } from './reader.ts'
import type { WorkerData } from './worker.ts'

export interface EmbeddedOptions {
  /** A directory on a local disk. Created when it does not exist. */
  data: string
  /** How long a request waits for the worker thread, or for another program's lock, before store_unavailable. */
  patienceMs: number
  /** The most pages of 4 KiB that the database may use; writes beyond them fail with store_full. Default: as many as the disk holds. */
  maxPages?: number
}

/** Extra time for the worker to report an error after it has waited for a lock for the whole patience. */
const graceMs = 500
/** The limits of one transaction. A larger document gets a transaction of its own. */
const maxBatch = { items: 512, length: 8 * 1024 * 1024 }

/** The worker holds almost no data, but with a heap of the default size its garbage would pile up: this saves 10 MB at no cost. */
const resourceLimits = { maxYoungGenerationSizeMb: 8 }

/**
 * The collections in one directory, for one process on one machine: SQLite in WAL mode. Point reads run on the calling thread, on a
 * connection of their own that always sees the last commit. Writes and lists run in a worker thread. Throws store_unavailable, for example
 * when another process holds the directory.
 */
export async function embeddedStores({ data, patienceMs, maxPages }: EmbeddedOptions): Promise<Stores> {
  const file = join(data, 'leporello.db')
  const { held, reader } = open(data, file)
  const workerData: WorkerData = { file, busyMs: patienceMs, maxPages }
  // the name of the compiled file: the compiler rewrites imports, not URLs
  const startWorker = () => new Worker(new URL('./worker.js', import.meta.url), { workerData, execArgv: [], resourceLimits })
  const patience = { patienceMs: patienceMs + graceMs }
  const link = createLink(startWorker, { ...patience, unhurried: ['migrate', 'release'] })

  const queue = writeQueue(link, patience)
  let closing: Promise<void> | undefined

  async function close(): Promise<void> {
    await queue.end()
    await link.ask('release', {}).catch(() => {}) // on failure the data stays safe in the log, which the next start reads
    await link.stop()
    reader.close()
    held.release()
  }

  return {
    ...perCollection((collection) => {
      const table = tableNames[collection]
      return embeddedDocuments({ index: indexOf(table), table, reader, link, write: queue.write })
    }),
    migrate: () => link.ask('migrate', {}),
    health: () =>
      link.ask('check', {}).then(
        () => ({ ok: true }),
        (error: Error) => ({ ok: false, reason: error.message })
      ),
    engine: async () => `sqlite ${reader.version()}`,
    close: () => (closing ??= close())
  }
}

/** Returns the name of a collection's index in an engine. */
function indexOf(table: Table): string {
  if (table === 'hysds_ios') return 'hysds_ios-mozart'
  return table === 'containers' || table === 'job_specs' ? table : `leporello-${table}`
}

/** Combines concurrent writes into one transaction with one fsync. */
function writeQueue(link: Link, patience: { patienceMs: number }) {
  const join = coalesce<WriteRequest, Outcome>({
    run: async (writes) => {
      const outcomes = await link.ask('write', { writes })
      return outcomes.map((outcome) => ('refused' in outcome ? toError(outcome.refused) : outcome))
    },
    sizeOf: ({ document }) => document?.length ?? 0,
    maxItems: maxBatch.items,
    maxSize: maxBatch.length,
    concurrency: 1,
    ...patience
  })
  const underWay = new Set<Promise<Outcome>>()
  let ended = false

  return {
    async write(item: WriteRequest): Promise<Outcome> {
      if (ended) throw new CatalogueError('store_unavailable', 'the embedded store is closed')
      const written = join(item)
      underWay.add(written)
      return written.finally(() => underWay.delete(written))
    },
    /** Accepts no more writes, and waits for those in progress. */
    async end(): Promise<void> {
      ended = true
      await Promise.allSettled(underWay)
    }
  }
}

/** Creates a folder and its parents. Node's own recursion never ends in an existing folder where nothing can be created, such as /proc. */
function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return
  if (dirname(path) !== path) makeFolder(dirname(path))
  try {
    mkdirSync(path)
  } catch (error) {
    // another program created it first
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error
  }
}

function open(data: string, file: string) {
  try {
    makeFolder(data)
    const held = holdDirectory(data)
    const reader = createReader(file)
    try {
      reader.version()
      return { held, reader }
    } catch (error) {
      held.release()
      throw error
    }
  } catch (error) {
    throw openingError(error, file)
  }
}
