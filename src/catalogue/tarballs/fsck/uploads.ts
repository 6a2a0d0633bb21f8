import type { Leftover, Upload } from '../../../blobs/blob-store.ts'
import { type FsckFinding, type FsckNote, fsckFinding, spoken } from './findings.ts'
import type { FsckParts, FsckRun } from './parts.ts'
import { judgeUpload, leftoverLimits } from './rules.ts'

/** A bucket's clock may be ahead of ours, and what came in this very millisecond counts, too. */
const clocksApartMs = 60_000

/** Finds what killed puts left behind, and resumable uploads that have expired. */
export async function* checkUploads(run: FsckRun): AsyncGenerator<FsckFinding | FsckNote> {
  yield* checkLeftovers(run)
  for await (const upload of run.blobs.uploads.list()) {
    run.checked.uploads++
    const line = await uploadLine(run, upload)
    if (line) yield line
  }
}

async function* checkLeftovers(run: FsckRun): AsyncGenerator<FsckFinding | FsckNote> {
  const { blobs, repair, now, aloneSince, expiryMs } = run
  const time = now()
  const { left, removable } = leftoverLimits({ now: time, aloneSince, expiryMs })
  const finding = (leftover: Leftover, outcome: FsckFinding['repair']) => leftoverFinding(run, { ...leftover, time }, outcome)
  if (repair.has('half-uploaded')) {
    for await (const leftover of blobs.leftovers({ before: removable, remove: true })) yield finding(leftover, 'done')
  }
  for await (const leftover of blobs.leftovers({ before: new Date(time.getTime() + clocksApartMs) })) {
    const { name, modified, what } = leftover
    if (modified < left) {
      yield finding(leftover, modified < removable ? 'possible' : 'later')
    } else {
      const age = spoken(Math.max(0, time.getTime() - modified.getTime()))
      yield { type: 'note', name, message: `${name} came ${age} ago: ${what}, or being written just now` }
    }
  }
}

/** Removes what a repair would remove of killed puts, and returns how many there were. */
export async function sweepLeftovers({ blobs, now, aloneSince, expiryMs }: FsckParts, signal: AbortSignal): Promise<number> {
  const { removable } = leftoverLimits({ now: now(), aloneSince, expiryMs })
  let removed = 0
  for await (const _ of blobs.leftovers({ before: removable, remove: true })) {
    removed++
    if (signal.aborted) break
  }
  return removed
}

function leftoverFinding({ expiryMs }: FsckRun, leftover: Leftover & { time: Date }, repair: FsckFinding['repair']): FsckFinding {
  const { name, size, modified, what, time } = leftover
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
    message: `${name}: ${what}${size === undefined ? '' : `, ${size} bytes`}, ${spoken(time.getTime() - modified.getTime())} old`,
    repair,
    advice: advice[repair]
  })
}

async function uploadLine({ blobs, repair, now, expiryMs }: FsckRun, upload: Upload): Promise<FsckFinding | FsckNote | undefined> {
  const { id, offset, size, touched, ended } = upload
  const ageMs = now().getTime() - touched.getTime()
  const verdict = judgeUpload({ ended, ageMs, expiryMs })
  if (verdict === 'ended') return undefined
  const came = `upload ${id}: ${offset}${size === undefined ? '' : ` of ${size}`} bytes, the last ${spoken(ageMs)} ago`
  if (verdict === 'continuing') {
    return { type: 'note', name: id, message: `${came}; it can go on for another ${spoken(expiryMs - ageMs)}` }
  }
  const done = repair.has('half-uploaded') && (await blobs.uploads.discard(id))
  return fsckFinding({
    kind: 'half-uploaded',
    name: id,
    size: offset,
    since: touched.toISOString(),
    message: came,
    repair: done ? 'done' : 'possible',
    advice: done
      ? 'the upload was discarded, with the bytes that had come'
      : 'it has expired; a repair removes it, and a running server does so by itself'
  })
}
