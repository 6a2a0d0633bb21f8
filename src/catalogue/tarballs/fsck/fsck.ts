import { checkFacts, checkTasks } from './documents.ts'
import type { FindingKind, FsckLine } from './findings.ts'
import { checkKept } from './kept.ts'
import { checkObjects } from './objects.ts'
import type { FsckOptions, FsckParts, FsckRun } from './parts.ts'
import { checkUploads } from './uploads.ts'

/**
 * Compares records, facts and tarballs, yields a line for each thing that does not fit, the sum last, and repairs only what it is asked to.
 * It may run while others write: it does not judge what is young, and looks again before it removes. Its memory has a bound.
 */
export async function* runFsck(parts: FsckParts, options: FsckOptions): AsyncGenerator<FsckLine> {
  const run: FsckRun = { ...parts, ...options, checked: { containers: 0, objects: 0, facts: 0, tasks: 0, uploads: 0 } }
  const found: Partial<Record<FindingKind, number>> = {}
  let [all, repaired] = [0, 0]
  // includes what was registered a moment ago
  await Promise.all([run.stores.containers, run.stores.facts, run.stores.tasks].map((store) => store.refresh()))
  for (const check of [checkUploads, checkObjects, checkKept, checkFacts, checkTasks]) {
    for await (const line of check(run)) {
      if (line.type === 'finding') {
        found[line.kind] = (found[line.kind] ?? 0) + 1
        all++
        if (line.repair === 'done') repaired++
      }
      yield line
    }
  }
  yield { type: 'summary', clean: all === repaired, found, repaired, checked: run.checked }
}
