import type { Leftover, Upload } from '../../../blobs/blob-store.ts'
import { type FsckFinding, type FsckNote, fsckFinding, spoken } from './findings.ts'
import type { Run } from './parts.ts'

/** A put that stands still is cut off after a minute, but on S3 its parts tell only when it began. */
const surelyLeftMs = 3_600_000

/** A bucket's clock may be ahead of ours, and what came in this very millisecond is there, too. */
const clocksApartMs = 60_000

/** What killed puts left behind, and uploads that arrive in pieces. */
export async function* checkUploads(run: Run): AsyncGenerator<FsckFinding | FsckNote> {
  yield* checkLeftovers(run)
  for await (const upload of run.blobs.uploads.list()) {
    run.checked.uploads++
    // only how it ended is remembered, for as long as who sent it may ask
    if (!upload.ended) yield await tellUpload(run, upload)
  }
}

async function* checkLeftovers({ blobs, repair, now, aloneSince, expiryMs }: Run): AsyncGenerator<FsckFinding | FsckNote> {
  const time = now().getTime()
  const before = (ms: number) => new Date(Math.max(time - ms, aloneSince?.getTime() ?? 0))
  const remove = repair.has('half-uploaded')
  const [left, ripe] = [before(surelyLeftMs), before(expiryMs)]
  if (remove) {
    for await (const leftover of blobs.leftovers({ before: ripe, remove: true })) yield tellLeftover(leftover, { time, repair: 'done' })
  }
  for await (const leftover of blobs.leftovers({ before: new Date(time + clocksApartMs) })) {
    if (leftover.modified < left) {
      yield tellLeftover(leftover, { time, repair: leftover.modified < ripe ? 'possible' : 'later' })
    } else {
      const message = `${leftover.name} came ${spoken(Math.max(0, time - leftover.modified.getTime()))} ago: ${leftover.what}, or being written just now`
      yield { type: 'note', name: leftover.name, message }
    }
  }

  function tellLeftover(
    { name, size, modified, what }: Leftover,
    { time, repair }: { time: number; repair: FsckFinding['repair'] }
  ): FsckFinding {
    const advice = {
      done: 'it was removed',
      possible: 'a repair removes it',
      later: `a repair removes it when it is ${spoken(expiryMs)} old (LEPORELLO_UPLOAD_EXPIRY)`,
      none: ''
    }
    return fsckFinding({
      kind: 'half-uploaded',
      name,
      size: size ?? null,
      since: modified.toISOString(),
      message: `${name}: ${what}${size === undefined ? '' : `, ${size} bytes`}, ${spoken(time - modified.getTime())} old`,
      repair,
      advice: advice[repair]
    })
  }
}

async function tellUpload({ blobs, repair, now, expiryMs }: Run, { id, offset, size, touched }: Upload): Promise<FsckFinding | FsckNote> {
  const age = now().getTime() - touched.getTime()
  const came = `upload ${id}: ${offset}${size === undefined ? '' : ` of ${size}`} bytes, the last ${spoken(age)} ago`
  if (age < expiryMs) return { type: 'note', name: id, message: `${came}; it can go on for another ${spoken(expiryMs - age)}` }
  const mend = repair.has('half-uploaded') && (await blobs.uploads.discard(id))
  return fsckFinding({
    kind: 'half-uploaded',
    name: id,
    size: offset,
    since: touched.toISOString(),
    message: came,
    repair: mend ? 'done' : 'possible',
    advice: mend
      ? 'it was given up, and what had come of it removed'
      : 'it has expired; a repair removes it, and a running server does so by itself'
  })
}
