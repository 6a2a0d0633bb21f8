import { checkFacts, checkTasks } from './documents.ts'
import type { FindingKind, FsckLine } from './findings.ts'
import { checkObjects } from './objects.ts'
import type { FsckOptions, FsckParts, Run } from './parts.ts'
import { checkUploads } from './uploads.ts'

/**
 * Compares records, what is known of their images, and tarballs, and tells what does not fit, line by line, the sum last. It mends only
 * what it was asked to, and may run while others write: what is young is not judged, and what is removed was looked at once more. What
 * it holds in memory does not grow with the catalogue.
 */
export async function* fsck(parts: FsckParts, options: FsckOptions): AsyncGenerator<FsckLine> {
  const run: Run = { ...parts, ...options, checked: { containers: 0, objects: 0, facts: 0, tasks: 0, uploads: 0 } }
  const found: Partial<Record<FindingKind, number>> = {}
  let [all, repaired] = [0, 0]
  // what was registered a moment ago is looked at, too
  await Promise.all([run.containers, run.factsStore, run.tasks].map((store) => store.refresh()))
  for (const check of [checkUploads, checkObjects, checkFacts, checkTasks]) {
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
