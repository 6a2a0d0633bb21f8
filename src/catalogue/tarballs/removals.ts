import type { BlobStore } from '../../blobs/blob-store.ts'
import { digestInKey, isUploadKey, keysNamedIn } from '../../domain/image/storage.ts'
import { backoffMs, type NewTask, type Release } from '../../domain/image/task.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import type { Claimed, TaskQueue } from '../jobs/task-queue.ts'
import type { RecordChanged } from '../records/changes.ts'
import type { Naming } from './naming.ts'

export interface RemovalsParts {
  containers: Pick<DocumentStore, 'get'>
  naming: Naming
  blobs: BlobStore
  queue: TaskQueue
  now: () => Date
  /** For how long a task is somebody's without a sign of life. */
  leaseMs: number
  /** For how long a tarball that nobody names any more is kept. */
  graceMs: number
  onReleased(release: Release): void
  onRemoved(removed: { key: string; container: string; size: number }): void
  /** A release could not be put down: the tarball stays, and fsck will name it. */
  onError(error: unknown, id: string): void
}

/** Tarballs that were uploaded for a container, from when the last container ceased to name them until they are gone. */
export interface Removals {
  /** To be told of every change of a record. It never throws. */
  changed(id: string, changed: Pick<RecordChanged, 'before' | 'after'>): Promise<Release[]>
  /** Images are about to be named by what is no record: their tarballs stay. */
  keep(urls: readonly string[]): Promise<void>
  /** Images that waited to be published in a container wait no longer. It never throws. */
  releaseTarballs(id: string, urls: readonly string[]): Promise<Release[]>
  /** Removes what is due and named by nobody; how many tasks there were. */
  work(options: { atOnce: number; signal: AbortSignal }): Promise<number>
  /** When it is going to be removed, if it is. */
  pending(key: string): Promise<string | undefined>
  /** The same of several. */
  pendingAmong(keys: readonly string[]): Promise<Map<string, string>>
  /** Wakes whoever waits for work. */
  onWork(listener: () => void): void
}

/**
 * What is removed are tarballs that came by way of the API, whose paths nobody else chose: what somebody put under a path by itself is
 * theirs. A container that names one again rescues it: its task is cancelled then, and it is looked for once more right before.
 */
export function createRemovals(parts: RemovalsParts): Removals {
  const { containers, naming, blobs, queue, now, leaseMs, graceMs } = parts
  let wake = () => {}

  const taskOf = (key: string, container = ''): Extract<NewTask, { kind: 'remove' }> => ({
    kind: 'remove',
    container,
    key,
    since: now().toISOString()
  })

  async function release(container: string, key: string): Promise<Release> {
    await queue.add(taskOf(key, container), { afterMs: graceMs })
    const released = { key, container, due: new Date(now().getTime() + graceMs).toISOString() }
    parts.onReleased(released)
    return released
  }

  /** Whether it is still the tarball that was let go of. */
  async function isTheSame({ task: { key, since } }: Claimed<'remove'>): Promise<{ size: number } | undefined> {
    const blob = await blobs.head(key)
    // stored anew since: by an upload whose record may be about to be written
    if (!blob || blob.modified.toISOString() > since) return undefined
    return blob.sha256?.startsWith(digestInKey(key)!) ? blob : undefined
  }

  /** What was found on the way through all containers may be minutes old: the one that named it is asked once more. */
  async function isNamedAgain({ task: { key, container } }: Claimed<'remove'>): Promise<boolean> {
    const record = await containers.get(container)
    return record !== undefined && keysNamedIn(record.document).has(key)
  }

  async function remove(claimed: Claimed<'remove'>, named: ReadonlySet<string>): Promise<void> {
    const { key, container, attempts } = claimed.task
    try {
      const blob = named.has(key) || (await isNamedAgain(claimed)) ? undefined : await isTheSame(claimed)
      // last of all: false when it was named again through any replica, or is another's task by now
      if (!(await claimed.extend())) return
      if (blob && (await blobs.remove(key))) parts.onRemoved({ key, container, size: blob.size })
      await claimed.finish()
    } catch (error) {
      await claimed.postpone(backoffMs(Math.min(attempts, 20)))
      throw error
    }
  }

  /** To be called again and again: makes the leases longer when that is due. A task that is lost says so when it is to be extended again. */
  function keeping(): (held: readonly Claimed<'remove'>[]) => Promise<void> {
    let extended = now().getTime()
    return async (held) => {
      if (now().getTime() - extended < leaseMs / 4) return
      extended = now().getTime()
      await Promise.all(held.map((claimed) => claimed.extend()))
    }
  }

  return {
    async changed(id, { before, after }) {
      const [former, present] = [before, after].map((known) => new Set([...keysOf(known)].filter(isUploadKey)))
      try {
        const released: Release[] = []
        for (const key of former!) if (!present!.has(key)) released.push(await release(id, key))
        for (const key of present!) if (!former!.has(key)) await queue.cancel(taskOf(key))
        if (released.length > 0 && graceMs === 0) wake()
        return released
      } catch (error) {
        parts.onError(error, id)
        return []
      }
    },

    async work({ atOnce, signal }) {
      const due = await queue.claim('remove', atOnce)
      if (due.length === 0) return 0
      const keep = keeping()
      const named = await naming.namedAmong(new Set(due.map(({ task }) => task.key)), { signal, onPage: () => keep(due) })
      let failure: { error: unknown } | undefined
      for (const [place, claimed] of due.entries()) {
        if (signal.aborted) break
        await keep(due.slice(place))
        // one that cannot be removed keeps no other
        await remove(claimed, named).catch((error) => {
          failure ??= { error }
        })
      }
      if (failure) throw failure.error
      return due.length
    },

    async keep(urls) {
      for (const key of uploadsNamedIn(urls)) await queue.cancel(taskOf(key))
    },

    async releaseTarballs(id, urls) {
      try {
        const record = await containers.get(id)
        // those that were published
        const named = record ? keysNamedIn(record.document) : new Set()
        const released: Release[] = []
        for (const key of uploadsNamedIn(urls)) if (!named.has(key)) released.push(await release(id, key))
        if (graceMs === 0) wake()
        return released
      } catch (error) {
        parts.onError(error, id)
        return []
      }
    },

    async pending(key) {
      return (await queue.find(taskOf(key)))?.due
    },

    async pendingAmong(keys) {
      const tasks = await queue.findMany(keys.map((key) => taskOf(key)))
      return new Map(tasks.flatMap((task) => (task.kind === 'remove' ? [[task.key, task.due] as const] : [])))
    },

    onWork(listener) {
      wake = listener
    }
  }
}

const uploadsNamedIn = (urls: readonly string[]): string[] => [...keysNamedIn(JSON.stringify(urls))].filter(isUploadKey)

const keysOf = (known: RecordChanged['before']): Set<string> => (known ? keysNamedIn(known.document) : new Set())
