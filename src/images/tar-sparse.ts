import type { PaxRecords } from './pax.ts'
import { fatal, quoted } from './problems.ts'
import { createBodyMap, type Fragment, mapOfRecords, runsOf, sparseSize, storedLength } from './sparse-map.ts'
import { announce, endMember, type Sparse, stopReading, type TarMember, type TarReading } from './tar-reading.ts'

const zeros = Buffer.alloc(64 * 1024)

export function beginSparse(reading: TarReading, stored: TarMember, { pax, version }: { pax: PaxRecords; version: '0.x' | '1.0' }) {
  const size = sparseSize(pax, stored.size)
  const isFile = stored.type === 'file' || stored.type === 'unknown'
  if (size === undefined || !isFile) return stopReading(reading, fatal('tar_invalid', `${quoted(stored.name)} cannot be a sparse file`))
  const member = { ...stored, name: pax.get('GNU.sparse.name') || stored.name, size, offset: undefined }
  reading.sparse = { member, map: createBodyMap(), mapLength: 0, stored: stored.size, runs: [], begun: 0, hole: 0 }
  if (version === '1.0') reading.state = 'sparse-map'
  else beginRuns(reading, reading.sparse, mapOfRecords(pax))
}

/** Processes a block of the map at the beginning of a member's body. */
export function takeMap(reading: TarReading, bytes: Buffer) {
  const sparse = reading.sparse!
  const { extensionBytes } = reading.limits
  sparse.mapLength += bytes.length
  if (sparse.mapLength > extensionBytes) {
    return stopReading(reading, fatal('tar_extension_too_large', `the map of a sparse file has more than ${extensionBytes} bytes`))
  }
  const fragments = sparse.mapLength > sparse.stored ? undefined : sparse.map.take(bytes)
  if (fragments === 'more') return
  sparse.stored -= sparse.mapLength
  beginRuns(reading, sparse, fragments)
}

function beginRuns(reading: TarReading, sparse: Sparse, fragments: readonly Fragment[] | undefined) {
  const runs = fragments && runsOf(fragments, sparse.member.size)
  if (runs === undefined || storedLength(runs) !== sparse.stored) {
    const message = `the map of the sparse file ${quoted(sparse.member.name)} does not fit its data`
    return stopReading(reading, fatal('tar_invalid', message))
  }
  sparse.runs = runs
  announce(reading, { ...sparse.member, holes: sparse.member.size - sparse.stored })
  nextRun(reading, sparse)
}

export function nextRun(reading: TarReading, sparse: Sparse) {
  for (;;) {
    const run = sparse.runs[sparse.begun++]
    if (run === undefined) return endMember(reading)
    if (run.kind === 'data') {
      reading.remaining = run.length
      return
    }
    if (reading.wanted && reading.handler.hole === undefined) {
      sparse.hole = run.length
      return
    }
    if (reading.wanted) reading.handler.hole!(run.length)
  }
}

export const isInHole = ({ sparse }: TarReading): boolean => sparse !== undefined && sparse.hole > 0

/** Delivers some zeros of a hole and returns how many. */
export function fillHole(reading: TarReading): number {
  const sparse = reading.sparse!
  const length = Math.min(sparse.hole, zeros.length)
  reading.handler.data(zeros.subarray(0, length))
  sparse.hole -= length
  if (sparse.hole === 0) nextRun(reading, sparse)
  return length
}
