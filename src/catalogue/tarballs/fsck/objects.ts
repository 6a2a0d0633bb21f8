import type { BlobInfo } from '../../../blobs/blob-store.ts'
import { fromDocument, imagesByKey } from '../../../domain/container/document.ts'
import { isCatalogueError } from '../../../domain/errors.ts'
import { applies, type ImageKey } from '../../../domain/image/facts.ts'
import { keyOfUrl, keysNamedIn } from '../../../domain/image/storage.ts'
import { precedes } from '../../../domain/json/query.ts'
import { pagesOf } from '../../../domain/pages.ts'
import { keepsTarballs } from '../../../domain/releases/channel.ts'
import type { StoredDocument } from '../../../stores/document-store.ts'
import { forEachConcurrently } from '../../jobs/concurrency.ts'
import type { UnreadImage } from '../../verification/verifier.ts'
import { allDocuments } from '../naming.ts'
import { checkBytes } from './bytes.ts'
import { type FsckFinding, type FsckNote, fsckFinding } from './findings.ts'
import type { FsckRun } from './parts.ts'
import type { ProvenBytes } from './rules.ts'
import { checkUnnamed } from './unnamed.ts'

/** An object of the store, while the records are walked past it. */
export interface StretchObject extends BlobInfo {
  named: boolean
  /** What the facts about a record's image say of it. */
  proven?: ProvenBytes & { container: string; imageKey: ImageKey }
}

/** A stretch of the store's keys: those behind `after`, up to and including `last`; to the end where that is absent. */
export interface Stretch {
  objects: Map<string, StretchObject>
  after: string
  last: string | undefined
}

/** About 10 MB of them. */
const defaultStretch = 20_000
const atOnce = 8

/** Compares records with objects: finds those that are missing, those that nothing names, and those that have changed. */
export async function* checkObjects(run: FsckRun): AsyncGenerator<FsckFinding | FsckNote> {
  const { containers, buildStatuses, releases } = run.stores
  let first = true
  for await (const stretch of stretchesOf(run)) {
    for await (const page of allDocuments(containers, run.signal)) {
      if (first) run.checked.containers += page.length
      yield* checkRecords(run, page, stretch)
    }
    for await (const page of allDocuments(buildStatuses, run.signal)) for (const { document } of page) markNamed(stretch, document)
    for await (const page of allDocuments(releases, run.signal)) {
      for (const { id, document } of page) if (keepsTarballs(id)) markNamed(stretch, document)
    }
    first = false
    run.checked.objects += stretch.objects.size
    yield* checkBytes(run, stretch)
    yield* checkUnnamed(run, stretch)
  }
}

async function* stretchesOf({ blobs, signal, stretchSize = defaultStretch }: FsckRun): AsyncGenerator<Stretch> {
  let stretch: Stretch = { objects: new Map(), after: '', last: undefined }
  for await (const { items, next } of pagesOf(blobs.list, { limit: Math.min(1000, stretchSize) })) {
    signal.throwIfAborted()
    for (const item of items) stretch.objects.set(item.key, { ...item, named: false })
    const last = items.at(-1)?.key
    if (stretch.objects.size < stretchSize || next === undefined || last === undefined) continue
    yield { ...stretch, last }
    stretch = { objects: new Map(), after: last, last: undefined }
  }
  yield stretch
}

const isIn = ({ after, last }: Stretch, key: string): boolean =>
  (after === '' || precedes(after, key)) && (last === undefined || !precedes(last, key))

function markNamed({ objects }: Stretch, document: string): void {
  for (const key of keysNamedIn(document)) {
    const object = objects.get(key)
    if (object) object.named = true
  }
}

async function* checkRecords(run: FsckRun, page: StoredDocument[], stretch: Stretch): AsyncGenerator<FsckFinding> {
  const images: UnreadImage[] = []
  for (const { id: container, document } of page) {
    markNamed(stretch, document)
    if (!document.includes('storage')) continue
    const record = fromDocument(container, document)
    const { digest = '' } = record
    images.push(...imagesByKey(record).map(([imageKey, url]) => ({ container, imageKey, url, digest })))
  }
  const work = (image: UnreadImage) => checkImage(run, image, stretch)
  for await (const found of forEachConcurrently(images, { atOnce, work })) if (found) yield found
}

async function checkImage(run: FsckRun, image: UnreadImage, stretch: Stretch): Promise<FsckFinding | undefined> {
  const { container, imageKey, url } = image
  if (!url.includes('/storage/')) return undefined
  const facts = (await run.facts.read(container, [imageKey])).find((one) => applies(one, image))
  const own = [...(run.publicUrl ? [run.publicUrl] : []), ...run.addresses()]
  const key = keyOfUrl(url, own) ?? facts?.key ?? undefined
  if (key === undefined || !isIn(stretch, key)) return undefined
  const object = stretch.objects.get(key)
  if (object) {
    if (facts && facts.sha256 !== null) object.proven = { container, imageKey, sha256: facts.sha256, size: facts.size }
    return undefined
  }
  // it may have come after the keys were listed
  if (await headOf(run, key)) return undefined
  const done = run.repair.has('missing')
  if (done) await run.queue.add({ kind: 'verify', container, imageKey, key })
  return fsckFinding({
    kind: 'missing',
    name: key,
    container,
    architecture: imageKey || null,
    size: facts?.size ?? null,
    message: `${container} names ${key}${imageKey ? ` for ${imageKey}` : ''}, which is not in the store`,
    repair: done ? 'done' : 'possible',
    advice: done
      ? 'the image will be read again, and then noted as gone; upload the tarball again'
      : 'upload the tarball again, or remove the image; a repair only has the image read again, and then noted as gone'
  })
}

/** Returns undefined for a path that cannot be a key, too. */
async function headOf({ blobs }: FsckRun, key: string): Promise<BlobInfo | undefined> {
  try {
    return await blobs.head(key)
  } catch (error) {
    if (isCatalogueError(error, 'key_invalid')) return undefined
    throw error
  }
}
