import { fromDocument, urlOf } from '../../../domain/container/document.ts'
import { fromFactsDocument, isPendingKey } from '../../../domain/image/facts.ts'
import { fromTaskDocument, type VerifyTask } from '../../../domain/image/task.ts'
import type { Stored } from '../../../stores/document-store.ts'
import { stillNamed } from '../../verification/url-sweep.ts'
import { pagesOf } from '../naming.ts'
import { type FsckFinding, fsckFinding } from './findings.ts'
import { type Run, youngMs } from './parts.ts'

/** Facts about images that no record names. */
export async function* checkFacts(run: Run): AsyncGenerator<FsckFinding> {
  const before = run.now().getTime() - youngMs
  for await (const page of pagesOf(run.factsStore, run.signal)) {
    run.checked.facts += page.length
    const known = page.map((stored) => ({ stored, facts: readOrNot(() => fromFactsDocument(stored.document)) }))
    const records = await run.containers.getMany(known.map(({ facts }) => facts?.container ?? ''))
    for (const [i, { stored, facts }] of known.entries()) {
      const record = records[i]
      if (facts && record && stillNamed(facts, record)) continue
      // what waits to be published stands in an assembly; the sweep of images looks after it
      if (facts && isPendingKey(facts.imageKey)) continue
      // facts about an upload are written before the record that names it
      if (facts && Date.parse(facts.checked) > before) continue
      const about = facts ? `${facts.container}${facts.imageKey ? ` for ${facts.imageKey}` : ''}` : undefined
      const found = record ? 'which names another image now' : 'which is not there'
      yield await mended(run, {
        kind: 'facts-about-nothing',
        stored,
        ...(facts && { container: facts.container, architecture: facts.imageKey || null, since: facts.checked }),
        message: about ? `facts about the image of ${about}, ${found}` : `facts ${stored.id} cannot be understood`,
        remove: () => run.factsStore.remove(stored.id, { revision: stored.revision })
      })
    }
  }
}

/** Tasks that nobody can do. */
export async function* checkTasks(run: Run): AsyncGenerator<FsckFinding> {
  const before = new Date(run.now().getTime() - youngMs).toISOString()
  for await (const page of pagesOf(run.tasks, run.signal)) {
    run.checked.tasks += page.length
    const known = page.map((stored) => ({ stored, task: readOrNot(() => fromTaskDocument(stored.document)) }))
    const records = await run.containers.getMany(known.map(({ task }) => task?.container ?? ''))
    for (const [i, { stored, task }] of known.entries()) {
      // a server would have done it by now, if there was something to do
      if (task && (task.kind !== 'verify' || task.due > before || isPendingKey(task.imageKey) || named(task, records[i]))) continue
      const about = task && `${task.container}${task.kind === 'verify' && task.imageKey ? ` for ${task.imageKey}` : ''}`
      yield await mended(run, {
        kind: 'tasks-about-nothing',
        stored,
        ...(task && { container: task.container, since: task.due }),
        message: about ? `a task to read the image of ${about}, which no record names` : `task ${stored.id} cannot be understood`,
        remove: () => run.tasks.remove(stored.id, { revision: stored.revision })
      })
    }
  }
}

const named = ({ container, imageKey }: VerifyTask, record: Stored | undefined): boolean =>
  record !== undefined && urlOf(fromDocument(container, record.document), imageKey) !== undefined

interface Wrong extends Partial<Pick<FsckFinding, 'container' | 'architecture' | 'since'>> {
  kind: 'facts-about-nothing' | 'tasks-about-nothing'
  stored: Stored
  message: string
  remove(): Promise<boolean>
}

async function mended(run: Run, { stored, remove, ...told }: Wrong): Promise<FsckFinding> {
  const mend = run.repair.has(told.kind) && (await remove())
  return fsckFinding({
    ...told,
    name: stored.id,
    repair: mend ? 'done' : 'possible',
    advice: mend ? 'removed' : 'a repair removes it; nothing is lost by that'
  })
}

function readOrNot<T>(read: () => T | undefined): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
