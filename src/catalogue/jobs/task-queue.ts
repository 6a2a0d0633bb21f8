import { isCatalogueError } from '../../domain/errors.ts'
import type { Hash } from '../../domain/image/facts.ts'
import {
  fromTaskDocument,
  type NewTask,
  subjectOf,
  type Task,
  type TaskKind,
  type TaskOf,
  toTaskDocument
} from '../../domain/image/task.ts'
import type { DocumentStore } from '../../stores/document-store.ts'

/** A task that is ours until its lease ends. */
export interface Claimed<Kind extends TaskKind = 'verify'> {
  task: TaskOf<Kind>
  /** Makes the lease begin anew. False when another has the task by now, or it was put down anew: then stop. */
  extend(): Promise<boolean>
  /** It is done; a task that was put down anew meanwhile stays. */
  finish(): Promise<void>
  /** It is to be tried again. */
  postpone(ms: number): Promise<void>
}

export interface TaskQueue {
  /** One task a subject: putting it down again makes it due again, now or so much later. */
  add(task: NewTask, options?: { afterMs: number }): Promise<void>
  /** Puts down one that the caller does at once: others take it up only when the caller falls silent. */
  begin<Kind extends TaskKind>(task: Extract<NewTask, { kind: Kind }>): Promise<Claimed<Kind>>
  /** Takes what is due of a kind, at most so many. Of several that ask at once one gets each. */
  claim<Kind extends TaskKind>(kind: Kind, limit: number): Promise<Claimed<Kind>[]>
  /** It need not be done any more. Whoever is at it learns so when extending. */
  cancel(task: NewTask): Promise<void>
  find(task: NewTask): Promise<Task | undefined>
  /** The same of several, without those that there are not. */
  findMany(tasks: readonly NewTask[]): Promise<Task[]>
}

export interface QueueParts {
  hash: Hash
  now: () => Date
  leaseMs: number
}

/**
 * Durable, and shared by all who have the store: a claim moves the due time ahead by compare-and-swap, and whoever dies simply does not
 * move it again. So a lease and a delay are the same thing, and nothing has to be cleaned up.
 */
export function taskQueue(store: DocumentStore, { hash, now, leaseMs }: QueueParts): TaskQueue {
  const after = (ms: number) => new Date(now().getTime() + ms).toISOString()
  const idOf = (task: NewTask) => hash(subjectOf(task))

  async function put(task: Task): Promise<string> {
    return (await store.put(task.id, toTaskDocument(task))).revision
  }

  /** The new revision, or undefined when somebody else wrote. */
  async function swap(task: Task, revision: string): Promise<string | undefined> {
    try {
      return (await store.put(task.id, toTaskDocument(task), { revision })).revision
    } catch (error) {
      if (isCatalogueError(error, 'revision_conflict')) return undefined
      throw error
    }
  }

  async function claimOne<Kind extends TaskKind>(found: TaskOf<Kind>, revision: string): Promise<Claimed<Kind> | undefined> {
    const task: TaskOf<Kind> = { ...found, due: after(leaseMs), attempts: found.attempts + 1 }
    const held = await swap(task, revision)
    return held === undefined ? undefined : claimed<Kind>(task, held)
  }

  function claimed<Kind extends TaskKind>(task: TaskOf<Kind>, revision: string): Claimed<Kind> {
    let held: string | undefined = revision
    return {
      task,
      async extend() {
        if (held !== undefined) held = await swap({ ...task, due: after(leaseMs) }, held)
        return held !== undefined
      },
      async finish() {
        if (held === undefined) return
        await store.remove(task.id, { revision: held }).catch((error) => {
          if (!isCatalogueError(error, 'revision_conflict')) throw error
        })
      },
      async postpone(ms) {
        if (held !== undefined) await swap({ ...task, due: after(ms) }, held)
      }
    }
  }

  return {
    async add(task, { afterMs } = { afterMs: 0 }) {
      await put({ ...task, id: idOf(task), due: after(afterMs), attempts: 0 })
    },

    async begin<Kind extends TaskKind>(wanted: Extract<NewTask, { kind: Kind }>) {
      // a wanted task of a kind with its id and times is a task of that kind; the compiler cannot follow
      const task = { ...(wanted as NewTask), id: idOf(wanted as NewTask), due: after(leaseMs), attempts: 1 } as TaskOf<Kind>
      return claimed(task, await put(task))
    },

    async claim<Kind extends TaskKind>(kind: Kind, limit: number) {
      const mine: Claimed<Kind>[] = []
      let cursor: string | undefined
      do {
        const page = await store.list({
          where: [{ field: 'kind', equals: kind }],
          sort: { field: 'due', order: 'asc' },
          limit,
          ...(cursor !== undefined && { cursor })
        })
        for (const { document, revision } of page.items) {
          const task = fromTaskDocument(document)
          if (!task) continue
          if (task.due > now().toISOString()) return mine
          const one = await claimOne(task as TaskOf<Kind>, revision)
          if (one) mine.push(one)
          if (mine.length === limit) return mine
        }
        cursor = page.next
      } while (cursor !== undefined)
      return mine
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
