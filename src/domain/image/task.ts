import type { ImageKey } from './facts.ts'

/** What every task has. */
interface Due {
  id: string
  container: string
  /** ISO 8601: when it may be begun. While somebody is at it, when they are taken for dead. */
  due: string
  /** How often it was begun. */
  attempts: number
}

/** An image is to be read. */
export interface VerifyTask extends Due {
  kind: 'verify'
  imageKey: ImageKey
  /** Where the image stands in our own store: known when it was registered under an address of ours. */
  key: string | null
}

/** A tarball of ours is to be removed, if nobody names it then. */
export interface RemoveTask extends Due {
  kind: 'remove'
  key: string
  /** ISO 8601: when its record ceased to name it. What was stored later under the same key is another's. */
  since: string
}

/** A tarball that a container ceased to name. */
export interface Release {
  key: string
  container: string
  /** ISO 8601: when it is removed, unless a container names it again until then. */
  due: string
}

/** Something that is to be done when it is due, by whichever replica comes first. */
export type Task = VerifyTask | RemoveTask

export type TaskKind = Task['kind']

/** The one of a kind. */
export type TaskOf<Kind extends TaskKind> = Extract<Task, { kind: Kind }>

type Wanted<One extends Task> = One extends Task ? Omit<One, 'id' | 'due' | 'attempts'> : never

/** A task before it is put down. */
export type NewTask = Wanted<Task>

/** Of what a task is about one at a time: putting it down again replaces it. */
export const subjectOf = (task: NewTask): string =>
  task.kind === 'verify' ? `verify\n${task.container}\n${task.imageKey}` : `remove\n${task.key}`

/** Returns the stored form, which calls the image key `slot`. */
export function toTaskDocument(task: Task): string {
  if (task.kind !== 'verify') return JSON.stringify(task)
  const { imageKey: slot, ...rest } = task
  return JSON.stringify({ ...rest, slot })
}

/** Undefined for what is no task of ours. */
export function fromTaskDocument(document: string): Task | undefined {
  const { slot, ...rest } = JSON.parse(document) as Omit<VerifyTask, 'imageKey'> & { slot?: ImageKey }
  const task = (slot === undefined ? rest : { ...rest, imageKey: slot }) as Task
  const known = task.kind === 'verify' || (task.kind === 'remove' && typeof task.key === 'string')
  return known && typeof task.container === 'string' && typeof task.due === 'string' ? task : undefined
}

/** How often a task is attempted before it is given up. */
export const maxTaskAttempts = 8

const firstMs = 10_000
const longestMs = 3_600_000

/** How long to wait before another attempt: doubling, up to an hour. */
export const backoffMs = (attempts: number): number => Math.min(firstMs * 2 ** (attempts - 1), longestMs)
