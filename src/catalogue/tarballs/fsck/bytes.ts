import { isCatalogueError } from '../../../domain/errors.ts'
import { forEachConcurrently } from '../../jobs/concurrency.ts'
import { type FsckFinding, fsckFinding } from './findings.ts'
import type { Stretch, StretchObject } from './objects.ts'
import type { FsckRun } from './parts.ts'
import { byteFault } from './rules.ts'

const atOnce = 8

/** Opens each object, which finds a store that lost its bytes; with `deep` reads it to its end. */
export async function* checkBytes(run: FsckRun, { objects }: Stretch): AsyncGenerator<FsckFinding> {
  const work = async (object: StretchObject) => {
    run.signal.throwIfAborted()
    const fault = await faultOf(run, object)
    return fault === undefined ? undefined : changedFinding(run, object, fault)
  }
  // whole tarballs one after the other: the disk is the limit
  for await (const found of forEachConcurrently(objects.values(), { atOnce: run.deep ? 1 : atOnce, work })) if (found) yield found
}

async function faultOf({ blobs, deep, digestOf }: FsckRun, { key, size, proven }: StretchObject): Promise<string | undefined> {
  try {
    const blob = await blobs.get(key, deep || size === 0 ? {} : { range: { first: 0, last: 0 } })
    if (!blob) return undefined // removed since it was listed
    const read = deep ? await digestOf(blob.stream) : undefined
    blob.stream.destroy()
    return byteFault({ key, size: blob.size, sha256: blob.sha256, read, proven })
  } catch (error) {
    if (isCatalogueError(error, 'blob_damaged')) return error.message
    throw error
  }
}

async function changedFinding({ repair, queue }: FsckRun, object: StretchObject, fault: string): Promise<FsckFinding> {
  const { key, size, modified, proven } = object
  const done = proven !== undefined && repair.has('changed')
  if (done) await queue.add({ kind: 'verify', container: proven.container, imageKey: proven.imageKey, key })
  const advice = done
    ? 'the image will be read again, so that its facts are about the bytes that are there'
    : `upload the tarball again${proven ? '; a repair has it read again, so that its facts are about the bytes that are there' : ''}`
  return fsckFinding({
    kind: 'changed',
    name: key,
    container: proven?.container ?? null,
    architecture: proven?.imageKey || null,
    size,
    since: modified.toISOString(),
    message: `${key}: ${fault}`,
    repair: done ? 'done' : proven ? 'possible' : 'none',
    advice
  })
}
