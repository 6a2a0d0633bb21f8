import { isUploadKey } from '../../../domain/image/storage.ts'
import { isBlobKey } from '../../../domain/oci/documents.ts'
import { forEachConcurrently } from '../../jobs/concurrency.ts'
import { namedAmong } from '../naming.ts'
import { type FsckFinding, type FsckNote, fsckFinding, spoken } from './findings.ts'
import type { Stretch, StretchObject } from './objects.ts'
import type { FsckRun } from './parts.ts'
import { judgeUnnamed, youngMs } from './rules.ts'

const atOnce = 8

/** Finds objects that no record names: those of uploads are ours, the others were stored by their path. */
export async function* checkUnnamed(run: FsckRun, { objects }: Stretch): AsyncGenerator<FsckFinding | FsckNote> {
  const oldEnough = run.now().getTime() - youngMs
  // repositories have those of /v2/: kept.ts
  const unnamed = [...objects.values()].filter(({ named, key }) => !named && !isBlobKey(key))
  const young = unnamed.filter(({ modified }) => modified.getTime() > oldEnough)
  if (young.length > 0) yield youngNote(young)
  const suspects = new Map(unnamed.filter(({ modified }) => modified.getTime() <= oldEnough).map((object) => [object.key, object]))
  if (suspects.size === 0) return
  // a record may have been written behind the walk
  for (const key of await namedAmong(run.stores, { keys: new Set(suspects.keys()), signal: run.signal })) suspects.delete(key)
  const work = (object: StretchObject) => unnamedLine(run, object)
  for await (const line of forEachConcurrently(suspects.values(), { atOnce, work })) yield line
}

function youngNote(young: readonly StretchObject[]): FsckNote {
  const { key } = young[0]!
  const which = young.length === 1 ? 'one object' : `${young.length} objects`
  const message = `${which} that no container names yet came within ${spoken(youngMs)} and may be about to be registered, such as ${key}`
  return { type: 'note', name: key, message }
}

const origin = { orphaned: 'it was uploaded for one', unnamed: 'it was stored by its path' }

const removalAdvice = {
  orphaned: 'a repair removes it',
  unnamed: 'register it, or delete it; a repair of "unnamed" removes all such'
}

async function unnamedLine(run: FsckRun, object: StretchObject): Promise<FsckFinding | FsckNote> {
  const { key, size, modified } = object
  const { graceMs } = run
  const due = isUploadKey(key) ? await run.removals.pending(key) : undefined
  const ageMs = run.now().getTime() - modified.getTime()
  const verdict = judgeUnnamed({ key, ageMs, due, graceMs })
  if (verdict === 'due')
    return { type: 'note', name: key, message: `${key} is named by no container any more, and is removed after ${due}` }
  if (verdict === 'young') return youngNote([object])
  const { kind, repair } = verdict
  const isUnchanged = async () => (await run.blobs.head(key))?.modified.getTime() === modified.getTime()
  const done = run.repair.has(kind) && repair === 'possible' && (await isUnchanged()) && (await run.blobs.remove(key))
  const later = `it can be removed when it is ${spoken(graceMs)} old (LEPORELLO_DELETE_GRACE)`
  return fsckFinding({
    kind,
    name: key,
    size,
    since: modified.toISOString(),
    message: `no container names ${key}, ${size} bytes, ${spoken(ageMs)} old; ${origin[kind]}`,
    repair: done ? 'done' : repair,
    advice: done ? 'it was removed' : repair === 'possible' ? removalAdvice[kind] : later
  })
}
