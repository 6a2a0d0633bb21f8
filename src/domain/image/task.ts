import type { ReleasedTarball } from '../../schemas.ts'
import type { ImageKey } from './facts.ts'

/** What every task has. */
interface Due {
  id: string
  container: string
  /** ISO 8601: when it may be started; while a replica holds it, when its lease ends. */
  due: string
  /** How often it was started. */
  attempts: number
  /** Of an image: how far the replica that holds the task had come when it last extended its lease. */
  reading?: ReadingProgress | undefined
}

/** How far an image has been read. */
export interface ReadingProgress {
  /** Bytes of the tarball. */
  read: number
  /** Of the tarball, in bytes; null where the server that has it does not say. */
  size: number | null
  /** ISO 8601. */
  begun: string
}

/** To read an image. */
export interface VerifyTask extends Due {
  kind: 'verify'
  imageKey: ImageKey
  /** Where the image is in our own store: known when it was registered under an address of ours. */
  key: string | null
}

/** To remove a tarball of ours, if nothing names it then. */
export interface RemoveTask extends Due {
  kind: 'remove'
  key: string
  /** ISO 8601: when it was released. What was stored later under the same key belongs to another upload. */
  since: string
}

/** A tarball that a container names no longer. */
export type Release = ReleasedTarball

/** Work to do when it is due, by the replica that claims it first. */
export type Task = VerifyTask | RemoveTask

export type TaskKind = Task['kind']

export type TaskOf<Kind extends TaskKind> = Extract<Task, { kind: Kind }>

type Wanted<One extends Task> = One extends Task ? Omit<One, keyof Omit<Due, 'container'>> : never

/** A task before it is added to the queue. */
export type NewTask = Wanted<Task>

/** Returns what a task is about. There is one task for each subject: adding it again replaces it. */
export const subjectOf = (task: NewTask): string =>
  task.kind === 'verify' ? `verify\n${task.container}\n${task.imageKey}` : `remove\n${task.key}`

/** Returns the stored form, which calls the image key `slot`. */
export function toTaskDocument(task: Task): string {
  if (task.kind !== 'verify') return JSON.stringify(task)
  const { imageKey: slot, ...rest } = task
  return JSON.stringify({ ...rest, slot })
}

/** Returns undefined for a document of another kind. */
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

/** Returns how long to wait before another attempt: doubling, up to an hour. */
export const backoffMs = (attempts: number): number => Math.min(firstMs * 2 ** (attempts - 1), longestMs)
