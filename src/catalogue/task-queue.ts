import { isCatalogueError } from '../domain/errors.ts'
import type { Hash } from '../domain/facts.ts'
import { fromTaskDocument, type Task, toTaskDocument } from '../domain/task.ts'
import type { DocumentStore } from '../stores/document-store.ts'

/** A task that is ours until its lease ends. */
export interface Claimed {
  task: Task
  /** Makes the lease begin anew. False when another has the task by now, or it was put down anew: then stop. */
  extend(): Promise<boolean>
  /** It is done; a task that was put down anew meanwhile stays. */
  finish(): Promise<void>
  /** It is to be tried again. */
  postpone(ms: number): Promise<void>
}

export interface TaskQueue {
  /** One task an image: putting it down again makes it due again. */
  add(task: Pick<Task, 'container' | 'slot' | 'key'>): Promise<void>
  /** Puts down one that the caller does at once: others take it up only when the caller falls silent. */
  begin(task: Pick<Task, 'container' | 'slot' | 'key'>): Promise<Claimed>
  /** Takes what is due, at most so many. Of several that ask at once one gets each. */
  claim(limit: number): Promise<Claimed[]>
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

  const newTask = ({ container, slot, key }: Pick<Task, 'container' | 'slot' | 'key'>) => ({
    id: hash(`verify\n${container}\n${slot}`),
    kind: 'verify' as const,
    container,
    slot,
    key
  })

  /** The new revision, or undefined when somebody else wrote. */
  async function swap(task: Task, revision: string): Promise<string | undefined> {
    try {
      return (await store.put(task.id, toTaskDocument(task), { revision })).revision
    } catch (error) {
      if (isCatalogueError(error, 'revision_conflict')) return undefined
      throw error
    }
  }

  async function claimOne(found: Task, revision: string): Promise<Claimed | undefined> {
    const task = { ...found, due: after(leaseMs), attempts: found.attempts + 1 }
    const held = await swap(task, revision)
    return held === undefined ? undefined : claimed(task, held)
  }

  function claimed(task: Task, revision: string): Claimed {
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
    async add(image) {
      const task = { ...newTask(image), due: after(0), attempts: 0 }
      await store.put(task.id, toTaskDocument(task))
    },

    async begin(image) {
      const task = { ...newTask(image), due: after(leaseMs), attempts: 1 }
      const { revision } = await store.put(task.id, toTaskDocument(task))
      return claimed(task, revision)
    },

    async claim(limit) {
      const { items } = await store.list({ sort: { field: 'due', order: 'asc' }, limit })
      const mine: Claimed[] = []
      for (const { document, revision } of items) {
        const task = fromTaskDocument(document)
        if (!task || task.due > now().toISOString()) continue
        const one = await claimOne(task, revision)
        if (one) mine.push(one)
      }
      return mine
    }
  }
}
