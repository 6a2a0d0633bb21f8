import type { Slot } from './facts.ts'

/** Something that is to be done when it is due, by whichever replica comes first. */
export interface Task {
  id: string
  kind: 'verify'
  container: string
  slot: Slot
  /** ISO 8601: when it may be begun. While somebody is at it, when they are taken for dead. */
  due: string
  /** How often it was begun. */
  attempts: number
  /** Where the image stands in our own store: known when it was registered under an address of ours. */
  key: string | null
}

export const toTaskDocument = (task: Task): string => JSON.stringify(task)

/** Undefined for what is no task of ours. */
export function fromTaskDocument(document: string): Task | undefined {
  const task = JSON.parse(document) as Task
  return task.kind === 'verify' && typeof task.container === 'string' && typeof task.due === 'string' ? task : undefined
}

/** After that nobody tries again by themselves. */
export const maxAttempts = 8

const firstMs = 10_000
const longestMs = 3_600_000

/** How long to wait before another attempt: doubling, up to an hour. */
export const backoffMs = (attempts: number): number => Math.min(firstMs * 2 ** (attempts - 1), longestMs)
