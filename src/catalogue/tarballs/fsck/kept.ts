import type { BlobInfo } from '../../../blobs/blob-store.ts'
import { blobKey, blobPrefix, fromKeptDocument, type KeptBlob } from '../../../domain/oci/documents.ts'
import { pagesOf } from '../../../domain/pages.ts'
import { forEachConcurrently } from '../../jobs/concurrency.ts'
import { type FsckFinding, fsckFinding, spoken } from './findings.ts'
import type { FsckRun } from './parts.ts'

const atOnce = 8
/** A push that is under way stores a blob before its repository has it. */
const pushMs = 24 * 3_600_000

/** Compares what `/v2/` keeps with its blobs: finds those that are missing, and those that no repository has. */
export async function* checkKept(run: FsckRun): AsyncGenerator<FsckFinding> {
  const { oci } = run.stores
  await oci.refresh()
  for await (const { items } of pagesOf(oci.list, { where: [{ field: 'kind', equals: 'blob' }], limit: 500 })) {
    run.signal.throwIfAborted()
    const blobs = items.map(({ document }) => fromKeptDocument<'blob'>(document)).filter(({ of }) => of === undefined)
    const work = (blob: KeptBlob) => missingBlob(run, blob)
    for await (const found of forEachConcurrently(blobs, { atOnce, work })) if (found) yield found
  }
  for await (const { items } of pagesOf(run.blobs.list, { prefix: blobPrefix, limit: 500 })) {
    run.signal.throwIfAborted()
    const work = (blob: BlobInfo) => orphanedBlob(run, blob)
    for await (const found of forEachConcurrently(items, { atOnce, work })) if (found) yield found
  }
}

async function missingBlob({ blobs }: FsckRun, { repository, name, size }: KeptBlob): Promise<FsckFinding | undefined> {
  const key = blobKey(name)
  if (await blobs.head(key)) return undefined
  return fsckFinding({
    kind: 'missing',
    name: key,
    size,
    message: `${repository} has the blob ${name}, whose bytes are not in the store`,
    repair: 'none',
    advice: 'push what it belongs to again'
  })
}

async function orphanedBlob(run: FsckRun, { key, size, modified }: BlobInfo): Promise<FsckFinding | undefined> {
  const where = [{ field: 'name', equals: `sha256:${key.slice(blobPrefix.length)}` }]
  const { items } = await run.stores.oci.list({ where, limit: 1 })
  const ageMs = run.now().getTime() - modified.getTime()
  // a server removes it by itself; what is younger belongs to a push
  if (items.length > 0 || ageMs < pushMs) return undefined
  const done = run.repair.has('orphaned') && (await run.blobs.remove(key))
  return fsckFinding({
    kind: 'orphaned',
    name: key,
    size,
    since: modified.toISOString(),
    message: `no repository has ${key}, ${size} bytes, ${spoken(ageMs)} old; it was pushed, or unpacked from a tarball`,
    repair: done ? 'done' : 'possible',
    advice: done ? 'it was removed' : 'a repair removes it, and a running server does so within an hour'
  })
}
