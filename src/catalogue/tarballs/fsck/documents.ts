import { type Facts, fromFactsDocument } from '../../../domain/image/facts.ts'
import { fromStackDocument, type LayerStack } from '../../../domain/image/layer-stack.ts'
import { fromTaskDocument } from '../../../domain/image/task.ts'
import type { DocumentStore, StoredDocument } from '../../../stores/document-store.ts'
import { allDocuments } from '../naming.ts'
import { type FsckFinding, fsckFinding } from './findings.ts'
import type { FsckRun } from './parts.ts'
import { factsFault, readAt, taskFault } from './rules.ts'

/** Finds facts about images that no record names. */
export async function* checkFacts(run: FsckRun): AsyncGenerator<FsckFinding> {
  const store = run.stores.facts
  for await (const { stored, found: facts, record } of withRecords(run, store, read)) {
    if (!facts || !('read' in facts)) run.checked.facts++
    const fault = factsFault({ facts, record, now: run.now() })
    if (fault === undefined) continue
    const about = facts && `${facts.container}${facts.imageKey ? ` for ${facts.imageKey}` : ''}`
    const why = fault === 'no record' ? 'which is not there' : 'which names another image now'
    yield await removed(run, {
      kind: 'facts-about-nothing',
      store,
      stored,
      ...(facts && { container: facts.container, architecture: facts.imageKey || null, since: readAt(facts) }),
      message: about ? `facts about the image of ${about}, ${why}` : `facts ${stored.id} cannot be understood`
    })
  }
}

const read = (document: string): Facts | LayerStack | undefined => fromFactsDocument(document) ?? fromStackDocument(document)

/** Finds tasks that no server can carry out. */
export async function* checkTasks(run: FsckRun): AsyncGenerator<FsckFinding> {
  const store = run.stores.tasks
  for await (const { stored, found: task, record } of withRecords(run, store, fromTaskDocument)) {
    run.checked.tasks++
    if (taskFault({ task, record, now: run.now() }) === undefined) continue
    const about = task && `${task.container}${task.kind === 'verify' && task.imageKey ? ` for ${task.imageKey}` : ''}`
    yield await removed(run, {
      kind: 'tasks-about-nothing',
      store,
      stored,
      ...(task && { container: task.container, since: task.due }),
      message: about ? `a task to read the image of ${about}, which no record names` : `task ${stored.id} cannot be understood`
    })
  }
}

type Reading<Found> = (document: string) => Found | undefined

/** Yields documents with what they say, undefined where they cannot be understood, and the text of the record that they are about. */
async function* withRecords<Found extends { container: string }>(run: FsckRun, store: DocumentStore, read: Reading<Found>) {
  for await (const page of allDocuments(store, run.signal)) {
    const found = page.map(({ document }) => {
      try {
        return read(document)
      } catch {
        return undefined
      }
    })
    const records = await run.stores.containers.getMany(found.map((one) => one?.container ?? ''))
    yield* page.map((stored, i) => ({ stored, found: found[i], record: records[i]?.document }))
  }
}

interface SuperfluousDocument extends Partial<Pick<FsckFinding, 'container' | 'architecture' | 'since'>> {
  kind: 'facts-about-nothing' | 'tasks-about-nothing'
  store: DocumentStore
  stored: StoredDocument
  message: string
}

async function removed({ repair }: FsckRun, { store, stored, ...finding }: SuperfluousDocument): Promise<FsckFinding> {
  const done = repair.has(finding.kind) && (await store.remove(stored.id, { revision: stored.revision }))
  return fsckFinding({
    ...finding,
    name: stored.id,
    repair: done ? 'done' : 'possible',
    advice: done ? 'removed' : 'a repair removes it; nothing is lost by that'
  })
}
