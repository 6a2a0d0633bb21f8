import type { BlobInfo } from '../../../blobs/blob-store.ts'
import { fromDocument, imagesByKey } from '../../../domain/container/document.ts'
import { isCatalogueError } from '../../../domain/errors.ts'
import { applies, type Facts, type ImageKey } from '../../../domain/image/facts.ts'
import { digestInKey, isUploadKey, keyOfUrl, keysNamedIn } from '../../../domain/image/storage.ts'
import type { Stored } from '../../../stores/document-store.ts'
import { forEachConcurrently } from '../../jobs/concurrency.ts'
import { pagesOf } from '../naming.ts'
import { type FsckFinding, type FsckNote, fsckFinding, spoken } from './findings.ts'
import { type Run, youngMs } from './parts.ts'

/** An object of the store, while the records are walked past it. */
interface Entry extends BlobInfo {
  named: boolean
  /** What a record's facts say of it. */
  expected?: { container: string; imageKey: ImageKey; sha256: string | null; size: number | null }
}

/** A stretch of the store's keys: those behind `after`, up to and including `last`; to the end where that is absent. */
interface Stretch {
  entries: Map<string, Entry>
  after: string
  last: string | undefined
}

/** About 10 MB of them. */
const defaultStretch = 20_000
const atOnce = 8

/** Records against objects: what is missing, what is nobody's, what is not what it was. */
export async function* checkObjects(run: Run): AsyncGenerator<FsckFinding | FsckNote> {
  let first = true
  for await (const stretch of stretchesOf(run)) {
    for await (const page of pagesOf(run.containers, run.signal)) {
      if (first) run.checked.containers += page.length
      yield* checkRecords(run, { page, stretch })
    }
    for await (const page of pagesOf(run.buildStatuses, run.signal)) for (const { document } of page) markNamed(stretch, document)
    first = false
    run.checked.objects += stretch.entries.size
    yield* checkBytes(run, stretch)
    yield* checkUnnamed(run, stretch)
  }
}

async function* stretchesOf({ blobs, signal, stretchSize = defaultStretch }: Run): AsyncGenerator<Stretch> {
  let stretch: Stretch = { entries: new Map(), after: '', last: undefined }
  let cursor: string | undefined
  do {
    signal.throwIfAborted()
    const { items, next } = await blobs.list({ limit: Math.min(1000, stretchSize), ...(cursor !== undefined && { cursor }) })
    for (const item of items) stretch.entries.set(item.key, { ...item, named: false })
    cursor = next
    if (stretch.entries.size < stretchSize || next === undefined) continue
    const last = items.at(-1)?.key
    if (last === undefined) continue
    yield { ...stretch, last }
    stretch = { entries: new Map(), after: last, last: undefined }
  } while (cursor !== undefined)
  yield stretch
}

/** By code points, which is by bytes of UTF-8, as stores order keys; JavaScript's own order is that of UTF-16. */
function isBefore(a: string, b: string): boolean {
  const [one, other] = [[...a], [...b]]
  for (let i = 0; i < one.length && i < other.length; i++) {
    if (one[i] !== other[i]) return one[i]!.codePointAt(0)! < other[i]!.codePointAt(0)!
  }
  return one.length < other.length
}

const isIn = ({ after, last }: Stretch, key: string): boolean =>
  (after === '' || isBefore(after, key)) && (last === undefined || !isBefore(last, key))

function markNamed({ entries }: Stretch, document: string): void {
  for (const key of keysNamedIn(document)) {
    const entry = entries.get(key)
    if (entry) entry.named = true
  }
}

interface Named {
  container: string
  imageKey: ImageKey
  url: string
  digest: string | undefined
}

async function* checkRecords(run: Run, { page, stretch }: { page: Stored[]; stretch: Stretch }): AsyncGenerator<FsckFinding> {
  const images: Named[] = []
  for (const { id, document } of page) {
    markNamed(stretch, document)
    if (!document.includes('storage')) continue
    const record = fromDocument(id, document)
    images.push(...imagesByKey(record).map(([imageKey, url]) => ({ container: id, imageKey, url, digest: record.digest })))
  }
  for await (const found of forEachConcurrently(images, { atOnce, work: (image) => checkImage(run, { image, stretch }) }))
    if (found) yield found
}

async function checkImage(run: Run, { image, stretch }: { image: Named; stretch: Stretch }): Promise<FsckFinding | undefined> {
  const { container, imageKey, url } = image
  if (!url.includes('/storage/')) return undefined
  const known = (await run.facts.read(container, [imageKey])).find((one) => applies(one, image))
  const own = [...(run.publicUrl ? [run.publicUrl] : []), ...run.addresses()]
  const key = keyOfUrl(url, own) ?? known?.key ?? undefined
  if (key === undefined || !isIn(stretch, key)) return undefined
  const entry = stretch.entries.get(key)
  if (entry) {
    if (known && known.sha256 !== null) entry.expected = { container, imageKey, sha256: known.sha256, size: known.size }
    return undefined
  }
  // it may have come after the keys were listed
  if (await headOf(run, key)) return undefined
  return missing(run, { image, key, known })
}

/** A URL may name what no key can be. */
async function headOf({ blobs }: Run, key: string): Promise<BlobInfo | undefined> {
  try {
    return await blobs.head(key)
  } catch (error) {
    if (isCatalogueError(error, 'key_invalid')) return undefined
    throw error
  }
}

async function missing(run: Run, { image, key, known }: { image: Named; key: string; known: Facts | undefined }): Promise<FsckFinding> {
  const { container, imageKey } = image
  const mend = run.repair.has('missing')
  if (mend) await run.queue.add({ kind: 'verify', container, imageKey, key })
  return fsckFinding({
    kind: 'missing',
    name: key,
    container,
    architecture: imageKey || null,
    size: known?.size ?? null,
    message: `${container} names ${key}${imageKey ? ` for ${imageKey}` : ''}, which is not in the store`,
    repair: mend ? 'done' : 'possible',
    advice: mend
      ? 'it was put down to be read anew, so that what is known of it says that it is gone; bring the tarball again'
      : 'bring the tarball again, or remove the image; a repair only puts it down to be read anew, so that what is known of it says that it is gone'
  })
}

/** Each object is opened, which tells a store that lost its bytes; with `deep` it is read to its end. */
async function* checkBytes(run: Run, { entries }: Stretch): AsyncGenerator<FsckFinding> {
  const work = async (entry: Entry) => {
    run.signal.throwIfAborted()
    const fault = await faultOf(run, entry)
    return fault === undefined ? undefined : changed(run, { entry, fault })
  }
  // whole tarballs one after the other: they are as fast as the disk
  for await (const found of forEachConcurrently(entries.values(), { atOnce: run.deep ? 1 : atOnce, work })) if (found) yield found
}

async function faultOf({ blobs, deep, digestOf }: Run, { key, size, expected }: Entry): Promise<string | undefined> {
  try {
    const blob = await blobs.get(key, deep || size === 0 ? {} : { range: { first: 0, last: 0 } })
    if (!blob) return undefined // removed since it was listed
    const { sha256 } = blob
    const read = deep ? await digestOf(blob.stream) : undefined
    blob.stream.destroy()
    const prefix = digestInKey(key)
    if (read !== undefined && sha256 !== undefined && read !== sha256)
      return `its bytes are sha256:${read} where sha256:${sha256} were stored`
    const actual = read ?? sha256
    if (expected && expected.size !== null && expected.size !== blob.size)
      return `it has ${blob.size} bytes where ${expected.size} were proven`
    if (expected && actual !== undefined && expected.sha256 !== actual)
      return `it is sha256:${actual} where sha256:${expected.sha256} was proven`
    if (prefix !== undefined && actual !== undefined && !actual.startsWith(prefix))
      return `it is sha256:${actual}, which is not what its path says`
    return undefined
  } catch (error) {
    if (isCatalogueError(error, 'blob_damaged')) return error.message
    throw error
  }
}

async function changed(run: Run, { entry, fault }: { entry: Entry; fault: string }): Promise<FsckFinding> {
  const { key, size, modified, expected } = entry
  const mend = expected !== undefined && run.repair.has('changed')
  if (mend) await run.queue.add({ kind: 'verify', container: expected.container, imageKey: expected.imageKey, key })
  return fsckFinding({
    kind: 'changed',
    name: key,
    container: expected?.container ?? null,
    architecture: expected?.imageKey || null,
    size,
    since: modified.toISOString(),
    message: `${key}: ${fault}`,
    repair: mend ? 'done' : expected ? 'possible' : 'none',
    advice: mend
      ? 'it was put down to be read anew, so that what is known of it is about the bytes that are there'
      : `bring the tarball again${expected ? '; a repair puts it down to be read anew, so that what is known of it is about the bytes that are there' : ''}`
  })
}

/** Objects that no record names: those of uploads are ours, the others somebody put under a path of their own choice. */
async function* checkUnnamed(run: Run, { entries }: Stretch): AsyncGenerator<FsckFinding | FsckNote> {
  const oldEnough = run.now().getTime() - youngMs
  const unnamed = [...entries.values()].filter(({ named }) => !named)
  const young = unnamed.filter(({ modified }) => modified.getTime() > oldEnough)
  if (young.length > 0) {
    const which = young.length === 1 ? 'one object' : `${young.length} objects`
    yield {
      type: 'note',
      name: young[0]!.key,
      message: `${which} that no container names yet came within ${spoken(youngMs)} and may be about to be registered, such as ${young[0]!.key}`
    }
  }
  const suspects = new Map(unnamed.filter(({ modified }) => modified.getTime() <= oldEnough).map((entry) => [entry.key, entry]))
  if (suspects.size === 0) return
  // a record may have been written behind the walk
  for (const key of await run.naming.namedAmong(new Set(suspects.keys()), { signal: run.signal })) suspects.delete(key)
  for await (const told of forEachConcurrently(suspects.values(), { atOnce, work: (entry) => tellUnnamed(run, entry) })) yield told
}

async function tellUnnamed(run: Run, { key, size, modified }: Entry): Promise<FsckFinding | FsckNote> {
  const kind = isUploadKey(key) ? 'orphaned' : 'unnamed'
  const due = kind === 'orphaned' ? await run.removals.pending(key) : undefined
  if (due !== undefined)
    return { type: 'note', name: key, message: `${key} is named by no container any more, and is removed after ${due}` }
  const age = run.now().getTime() - modified.getTime()
  const ripe = age >= run.graceMs
  const asked = run.repair.has(kind)
  const mend = asked && ripe && (await isUnchanged(run, { key, modified })) && (await run.blobs.remove(key))
  const came = kind === 'orphaned' ? 'it was uploaded for one' : 'somebody put it there by its path'
  const later = `it can be removed when it is ${spoken(run.graceMs)} old (LEPORELLO_DELETE_GRACE)`
  const advice = kind === 'orphaned' ? 'a repair removes it' : 'register it, or delete it; a repair of "unnamed" removes all such'
  return fsckFinding({
    kind,
    name: key,
    size,
    since: modified.toISOString(),
    message: `no container names ${key}, ${size} bytes, ${spoken(age)} old; ${came}`,
    repair: mend ? 'done' : ripe ? 'possible' : 'later',
    advice: mend ? 'it was removed' : ripe ? advice : later
  })
}

async function isUnchanged({ blobs }: Run, { key, modified }: { key: string; modified: Date }): Promise<boolean> {
  return (await blobs.head(key))?.modified.getTime() === modified.getTime()
}
