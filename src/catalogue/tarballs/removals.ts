import type { BlobStore } from '../../blobs/blob-store.ts'
import { keysNamedIn } from '../../domain/image/storage.ts'
import { backoffMs, type Release } from '../../domain/image/task.ts'
import type { Stores } from '../../stores/document-store.ts'
import type { Claimed, TaskQueue } from '../jobs/task-queue.ts'
import type { RecordChanged } from '../records/changes.ts'
import { namedAmong } from './naming.ts'
import { mayRemove, tarballChange, uploadsNamedIn } from './removal-rules.ts'

export interface RemovalSettings {
  /** How long a tarball that no container names any more is kept. */
  graceMs: number
  onReleased(release: Release): void
  onRemoved(removed: RemovedTarball): void
  /** The task to remove a tarball could not be added: the tarball stays, and fsck will name it. */
  onError(error: unknown, id: string): void
}

interface RemovedTarball {
  key: string
  container: string
  size: number
}

interface RemovalsParts extends RemovalSettings {
  stores: Pick<Stores, 'containers' | 'buildStatuses' | 'releases'>
  blobs: BlobStore
  queue: TaskQueue
  now: () => Date
  /** How long a claimed task stays with a replica that shows no sign of life. */
  leaseMs: number
}

/**
 * Removes tarballs that were uploaded for a container, some time after the last container ceased to name them. A container that names one
 * again keeps it: its task is cancelled then, and right before the removal the containers are searched for it once more.
 */
export interface Removals {
  /** To be called after every change of a record. Returns the tarballs that it released. Never throws. */
  changed(id: string, change: Pick<RecordChanged, 'before' | 'after'>): Promise<Release[]>
  /** Keeps tarballs that are about to be named outside of a record. */
  keep(urls: readonly string[]): Promise<void>
  /** Releases the tarballs of images that are not pending for a container any more, unless they were published. Never throws. */
  releaseTarballs(id: string, urls: readonly string[]): Promise<Release[]>
  /** Removes tarballs that are due and that nothing names. Returns how many tasks there were. */
  work(options: { atOnce: number; signal: AbortSignal }): Promise<number>
  /** Returns when a tarball is due to be removed, ISO 8601; undefined when it is not to be. */
  pending(key: string): Promise<string | undefined>
  /** Returns the same for those of several that are to be removed, by key. */
  pendingAmong(keys: readonly string[]): Promise<Map<string, string>>
  /** Sets what wakes the loop. */
  onWork(listener: () => void): void
}

export function createRemovals(parts: RemovalsParts): Removals {
  const { stores, queue, graceMs } = parts
  let wake = () => {}

  async function releaseAll(id: string, releasable: () => Promise<Iterable<string>>): Promise<Release[]> {
    const released: Release[] = []
    try {
      for (const key of await releasable()) released.push(await release(parts, { key, container: id }))
      if (released.length > 0 && graceMs === 0) wake()
      return released
    } catch (error) {
      parts.onError(error, id)
      return []
    }
  }

  return {
    changed: (id, { before, after }) =>
      releaseAll(id, async () => {
        const { released, named } = tarballChange({ before: before?.document, after: after?.document })
        for (const key of named) await queue.cancel(taskOf(parts, key))
        return released
      }),

    releaseTarballs: (id, urls) =>
      releaseAll(id, async () => {
        const published = uploadsNamedIn((await stores.containers.get(id))?.document)
        return [...uploadsNamedIn(JSON.stringify(urls))].filter((key) => !published.has(key))
      }),

    work: (options) => removeDue(parts, options),

    async keep(urls) {
      for (const key of uploadsNamedIn(JSON.stringify(urls))) await queue.cancel(taskOf(parts, key))
    },

    async pending(key) {
      return (await queue.find(taskOf(parts, key)))?.due
    },

    async pendingAmong(keys) {
      const tasks = await queue.findMany(keys.map((key) => taskOf(parts, key)))
      return new Map(tasks.flatMap((task) => (task.kind === 'remove' ? [[task.key, task.due] as const] : [])))
    },

    onWork(listener) {
      wake = listener
    }
  }
}

function taskOf({ now }: RemovalsParts, key: string) {
  return { kind: 'remove' as const, container: '', key, since: now().toISOString() }
}

async function release(parts: RemovalsParts, { key, container }: Pick<Release, 'key' | 'container'>): Promise<Release> {
  const { queue, now, graceMs, onReleased } = parts
  await queue.add({ ...taskOf(parts, key), container }, { afterMs: graceMs })
  const released = { key, container, due: new Date(now().getTime() + graceMs).toISOString() }
  onReleased(released)
  return released
}

async function removeDue(parts: RemovalsParts, { atOnce, signal }: { atOnce: number; signal: AbortSignal }): Promise<number> {
  const due = await parts.queue.claim('remove', atOnce)
  if (due.length === 0) return 0
  const extend = leaseExtender(parts)
  const keys = new Set(due.map(({ task }) => task.key))
  const named = await namedAmong(parts.stores, { keys, signal, onPage: () => extend(due) })
  let failure: { error: unknown } | undefined
  for (const [place, claimed] of due.entries()) {
    if (signal.aborted) break
    await extend(due.slice(place))
    // a tarball that cannot be removed does not keep the others
    await removeOne(parts, claimed, named).catch((error) => {
      failure ??= { error }
    })
  }
  if (failure) throw failure.error
  return due.length
}

/** To be called again and again: extends the leases when that is due. A task that is lost shows so when it is extended the next time. */
function leaseExtender({ now, leaseMs }: RemovalsParts): (held: readonly Claimed<'remove'>[]) => Promise<void> {
  let extended = now().getTime()
  return async (held) => {
    if (now().getTime() - extended < leaseMs / 4) return
    extended = now().getTime()
    await Promise.all(held.map((claimed) => claimed.extend()))
  }
}

/** `named` is what something named during the walk over all containers, which may have taken minutes. */
async function removeOne(parts: RemovalsParts, claimed: Claimed<'remove'>, named: ReadonlySet<string>): Promise<void> {
  const { stores, blobs, onRemoved } = parts
  const { key, container, since, attempts } = claimed.task
  try {
    // the container that named it is the likeliest to name it again
    const former = named.has(key) ? undefined : await stores.containers.get(container)
    const isNamed = named.has(key) || (former !== undefined && keysNamedIn(former.document).has(key))
    const blob = isNamed ? undefined : await blobs.head(key)
    const removable = mayRemove({ key, since, named: isNamed, blob })
    // last of all: false when any replica registered it again, or holds the task by now
    if (!(await claimed.extend())) return
    if (removable && (await blobs.remove(key))) onRemoved({ key, container, size: blob!.size })
    await claimed.finish()
  } catch (error) {
    await claimed.postpone(backoffMs(Math.min(attempts, 20)))
    throw error
  }
}
