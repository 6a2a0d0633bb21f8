import type { Hash } from '../../domain/image/facts.ts'
import {
  fromTaskDocument,
  type NewTask,
  type ReadingProgress,
  subjectOf,
  type Task,
  type TaskKind,
  type TaskOf,
  toTaskDocument
} from '../../domain/image/task.ts'
import { whereEqual } from '../../domain/json/query.ts'
import { itemsOf } from '../../domain/pages.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import { ignoring, overtaken, writeUnlessOvertaken } from './compare-and-swap.ts'

/** A task that this replica holds until its lease ends. */
export interface Claimed<Kind extends TaskKind = 'verify'> {
  task: TaskOf<Kind>
  /**
   * Renews the lease, and says how far an image was read. Returns false when another replica holds the task by now, or it was added again:
   * then stop.
   */
  extend(reading?: ReadingProgress): Promise<boolean>
  /** Removes the task, which is done; one that was added again meanwhile stays. */
  finish(): Promise<void>
  /** Makes the task due again, that much later. */
  postpone(ms: number): Promise<void>
}

export interface TaskQueue {
  /** Adds a task, of which there is one for each subject: adding it again makes it due again, now or that much later. */
  add(task: NewTask, options?: { afterMs: number }): Promise<void>
  /** Adds a task that the caller carries out at once: another replica takes it over only when this one shows no sign of life. */
  begin<Kind extends TaskKind>(task: NewTaskOf<Kind>): Promise<Claimed<Kind>>
  /** Claims tasks of a kind that are due, `limit` at most. Of several replicas that claim at once, one gets each task. */
  claim<Kind extends TaskKind>(kind: Kind, limit: number): Promise<Claimed<Kind>[]>
  /** Returns the tasks of a kind that replicas may be carrying out, a hundred at most. */
  held(kind: TaskKind): Promise<Task[]>
  /** Removes a task. A replica that is carrying it out learns so when it extends its lease. */
  cancel(task: NewTask): Promise<void>
  find(task: NewTask): Promise<Task | undefined>
  /** Returns those of the tasks that exist. */
  findMany(tasks: readonly NewTask[]): Promise<Task[]>
}

type NewTaskOf<Kind extends TaskKind> = Extract<NewTask, { kind: Kind }>

interface QueueParts {
  store: DocumentStore
  after(ms: number): string
  leaseMs: number
}

/**
 * A durable queue, shared by all replicas of one store. A claim moves a task's due time ahead by compare-and-swap, and a replica that dies
 * does not move it again. So a lease and a delay are the same thing, and nothing has to be cleaned up.
 */
export function createTaskQueue(store: DocumentStore, { hash, now, leaseMs }: { hash: Hash; now: () => Date; leaseMs: number }): TaskQueue {
  const parts: QueueParts = { store, leaseMs, after: (ms) => new Date(now().getTime() + ms).toISOString() }
  const idOf = (task: NewTask) => hash(subjectOf(task))
  const put = async (task: Task) => (await store.put(task.id, toTaskDocument(task))).revision

  return {
    async add(task, { afterMs } = { afterMs: 0 }) {
      await put({ ...task, id: idOf(task), due: parts.after(afterMs), attempts: 0 })
    },

    async begin<Kind extends TaskKind>(wanted: NewTaskOf<Kind>) {
      // a wanted task of a kind with its id and times is a task of that kind; the compiler cannot follow
      const task = { ...(wanted as NewTask), id: idOf(wanted as NewTask), due: parts.after(leaseMs), attempts: 1 } as TaskOf<Kind>
      return claimed(parts, task, await put(task))
    },

    claim: (kind, limit) => claimDue(parts, kind, limit),

    async held(kind) {
      const due = [
        { field: 'due', after: parts.after(0) },
        { field: 'due', before: parts.after(leaseMs + 1) }
      ]
      const { items } = await store.list({ where: [...whereEqual({ kind }), ...due], sort: { field: 'due', order: 'desc' }, limit: 100 })
      return items.flatMap(({ document }) => fromTaskDocument(document) ?? [])
    },

    async cancel(task) {
      await store.remove(idOf(task))
    },

    async find(task) {
      const stored = await store.get(idOf(task))
      return stored && fromTaskDocument(stored.document)
    },

    async findMany(tasks) {
      const stored = await store.getMany(tasks.map(idOf))
      return stored.flatMap((one) => (one && fromTaskDocument(one.document)) ?? [])
    }
  }
}

async function claimDue<Kind extends TaskKind>(parts: QueueParts, kind: Kind, limit: number): Promise<Claimed<Kind>[]> {
  const { store, after, leaseMs } = parts
  const claims: Claimed<Kind>[] = []
  const ofKind = { where: whereEqual({ kind }), sort: { field: 'due', order: 'asc' as const }, limit }
  for await (const { document, revision } of itemsOf(store.list, ofKind)) {
    const found = fromTaskDocument(document) as TaskOf<Kind> | undefined
    if (!found) continue
    if (found.due > after(0)) return claims
    const task: TaskOf<Kind> = { ...found, due: after(leaseMs), attempts: found.attempts + 1, reading: undefined }
    const held = await swapTask(store, task, revision)
    if (held !== undefined) claims.push(claimed(parts, task, held))
    if (claims.length === limit) return claims
  }
  return claims
}

/** Returns the new revision; undefined when another replica wrote first. */
async function swapTask(store: DocumentStore, task: Task, revision: string): Promise<string | undefined> {
  const written = await writeUnlessOvertaken(store, { id: task.id, document: toTaskDocument(task), revision })
  return written === overtaken ? undefined : written
}

function claimed<Kind extends TaskKind>(parts: QueueParts, task: TaskOf<Kind>, revision: string): Claimed<Kind> {
  const { store, after, leaseMs } = parts
  let held: string | undefined = revision
  return {
    task,
    async extend(reading) {
      if (held !== undefined) held = await swapTask(store, { ...task, due: after(leaseMs), reading }, held)
      return held !== undefined
    },
    async finish() {
      if (held !== undefined) await ignoring(store.remove(task.id, { revision: held }), 'revision_conflict')
    },
    async postpone(ms) {
      if (held !== undefined) await swapTask(store, { ...task, due: after(ms) }, held)
    }
  }
}
