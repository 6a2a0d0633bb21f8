import type { Architecture } from '../../domain/architecture.ts'
import { type BuildStatus, emptyBuildStatus } from '../../domain/build/build-status.ts'
import { buildStatusId, fromBuildStatusDocument, toBuildStatusDocument } from '../../domain/build/build-status-document.ts'
import { dueAt, isBlank } from '../../domain/build/due-time.ts'
import { type ImageUpdates, imageUpdates, withImageUpdates, withLaterUpdates } from '../../domain/build/image-updates.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { Cause, EntryKind } from '../../domain/history/entry.ts'
import type { Release } from '../../domain/image/task.ts'
import { createKeyedMutex } from '../../domain/keyed-mutex.ts'
import type { StoredDocument } from '../../stores/document-store.ts'
import { compareAndSwap } from '../jobs/compare-and-swap.ts'
import { createListeners } from '../jobs/listeners.ts'
import type { Precondition, RecordArrival } from '../records/changes.ts'
import type { BuildsParts } from './parts.ts'

export interface StoredBuildStatus {
  buildStatus: BuildStatus
  revision: string
}

export interface BuildStatusChange {
  kind: Extract<EntryKind, 'expected' | 'build' | 'test' | 'pending'>
  cause: Cause
  architecture?: Architecture | undefined
  /** Returns the next build status, or the same object when there is nothing to write. Called again when another writer was first. */
  to(buildStatus: BuildStatus, now: string): BuildStatus
  /** Returns what the journal entry stores as before and after. When both are the same, there is no entry. */
  journaled(buildStatus: BuildStatus): unknown
  /** The journal's word for the change. */
  what: string
  /** The change in a sentence. */
  summary: string
  precondition?: Precondition | undefined
  dryRun?: boolean | undefined
}

export interface BuildStatusChanged {
  before: StoredBuildStatus | undefined
  after: StoredBuildStatus
  /** Whether the build status was the same already, so that nothing was written. */
  unchanged: boolean
  /** Our tarballs that are no longer pending. */
  released: readonly Release[]
}

/** The build status of each container, changed by compare-and-swap, one change at a time per container. */
export interface BuildStatuses {
  find(id: string): Promise<BuildStatus | undefined>
  findStored(id: string): Promise<StoredBuildStatus | undefined>
  /** Changes a build status. Throws precondition_failed, and the errors of `to`. */
  change(id: string, change: BuildStatusChange): Promise<BuildStatusChanged>
  /** Records which images a change added to a record or removed from it, or that it was removed. Returns the released tarballs. */
  follow(id: string, arrival: RecordArrival): Promise<readonly Release[]>
  /** Returns the ids of the first containers whose due time has passed. */
  due(limit: number): Promise<string[]>
  /** Sets a new due time for a container that was due. */
  seen(id: string): Promise<void>
  /** Subscribes to containers whose build status this process changed. */
  onTouched(listener: (id: string) => void): void
}

/** `updated` of a missing build status: so early that the first change gets the time at which it happens. */
const longAgo = new Date(0).toISOString()

export function createBuildStatuses(parts: BuildsParts): BuildStatuses {
  const { stores, hash, now } = parts
  const withLock = createKeyedMutex()
  const touched = createListeners<[id: string]>()
  const waiting = new Map<string, ImageUpdates>()

  const findStored = async (id: string) => fromStored(await stores.buildStatuses.get(buildStatusId(id, hash)))

  /** Changes an existing build status. Where there is none, nothing is expected or pending, and there is nothing to record. */
  async function changeExisting(id: string, to: BuildStatusChange['to']): Promise<readonly Release[]> {
    if (!(await findStored(id))) return []
    const { released } = await swap(parts, id, { to })
    touched.notify(id)
    return released
  }

  return {
    findStored,
    find: async (id) => (await findStored(id))?.buildStatus,

    async change(id, change) {
      const work = async () => {
        const changed = await swap(parts, id, change)
        if (changed.unchanged || change.dryRun) return changed
        await append(parts, change, changed)
        touched.notify(id)
        return changed
      }
      return change.dryRun ? work() : withLock(id, work)
    },

    follow(id, { before, after, brought = [], rebuilt }) {
      if (!after) return withLock(id, () => changeExisting(id, cleared))
      // combines the updates that arrive while others are being written
      const more = imageUpdates({ before: before?.record, after: after.record, brought, rebuilt })
      waiting.set(id, withLaterUpdates(waiting.get(id) ?? new Map(), more))
      return withLock(id, async () => {
        const updates = waiting.get(id)
        if (!updates) return [] // another change has written them
        waiting.delete(id)
        return changeExisting(id, (buildStatus, at) => withImageUpdates(buildStatus, { updates, now: at }))
      })
    },

    async due(limit) {
      const { items } = await stores.buildStatuses.list({ sort: { field: 'wakes', order: 'asc' }, limit })
      return items.flatMap(({ document }) => dueContainer(document, now().toISOString()) ?? [])
    },

    async seen(id) {
      await withLock(id, async () => {
        // a copy is written even where nothing changed
        if (await findStored(id)) await swap(parts, id, { to: (buildStatus) => ({ ...buildStatus }) })
        touched.notify(id)
      })
    },

    onTouched: touched.listen
  }
}

function dueContainer(document: string, now: string): string | undefined {
  const { container, wakes } = JSON.parse(document) as { container?: unknown; wakes?: unknown }
  return typeof container === 'string' && typeof wakes === 'string' && wakes <= now ? container : undefined
}

function fromStored(stored: StoredDocument | undefined): StoredBuildStatus | undefined {
  const buildStatus = stored && fromBuildStatusDocument(stored.document)
  return buildStatus && { buildStatus, revision: stored.revision }
}

/** What stays of a removed container belongs to its name, and applies to whatever is built under it again. */
const cleared = ({ container, created, expected, publish }: BuildStatus, now: string): BuildStatus => ({
  ...emptyBuildStatus(container, created),
  expected,
  ...(publish && { publish }),
  updated: now
})

type BuildStatusSwap = Pick<BuildStatusChange, 'to' | 'precondition' | 'dryRun'>

async function swap(parts: BuildsParts, id: string, change: BuildStatusSwap): Promise<BuildStatusChanged> {
  const { stores, siteRules, hash, now, removals } = parts
  const { to, precondition, dryRun } = change
  const { made, revision = '' } = await compareAndSwap(stores.buildStatuses, {
    id: buildStatusId(id, hash),
    subject: `the build status of ${id}`,
    decide(stored) {
      const before = fromStored(stored)
      checkPrecondition(id, before, precondition)
      const at = now().toISOString()
      const former = before?.buildStatus ?? { ...emptyBuildStatus(id, at), updated: longAgo }
      const after = to(former, at)
      const unchanged = after === former
      const due = () => dueAt(after, { buildTimeoutMs: siteRules.policiesOf(id).buildTimeoutMs, now: at })
      const document = isBlank(after) ? undefined : toBuildStatusDocument(after, due())
      return { document, keep: dryRun || unchanged, before, former, after, unchanged }
    }
  })
  const { before, former, unchanged, keep } = made
  const after = { buildStatus: made.after, revision }
  const urls = keep ? [] : noLongerPending(former, made.after)
  const released = urls.length > 0 ? await removals?.releaseTarballs(id, urls) : []
  return { before, after, unchanged, released: released ?? [] }
}

function noLongerPending(before: BuildStatus, after: BuildStatus): string[] {
  const pending = new Set([...after.pending.values()].map(({ url }) => url))
  return [...before.pending.values()].map(({ url }) => url).filter((url) => !pending.has(url))
}

async function append(parts: BuildsParts, change: BuildStatusChange, changed: BuildStatusChanged): Promise<void> {
  const id = changed.after.buildStatus.container
  const { kind, cause: by, what, summary, architecture = null, journaled } = change
  const textOf = (one: BuildStatus | undefined) => (one && JSON.stringify(journaled(one))) ?? null
  const [before, after] = [textOf(changed.before?.buildStatus), textOf(changed.after.buildStatus)]
  if (before === after) return
  const about = { container: id, kind, what, by, summary, architecture, before, after }
  try {
    await parts.journal.append({ ...about, revision: null, previous: null, fingerprint: null, subject: changed.after.revision })
  } catch (error) {
    parts.onAppendFailed(error, id)
  }
}

function checkPrecondition(id: string, before: StoredBuildStatus | undefined, precondition: Precondition | undefined): void {
  if (precondition === undefined) return
  const holds =
    'absent' in precondition ? !before : 'present' in precondition ? before : before && precondition.revisions.includes(before.revision)
  if (holds) return
  const found = before ? `the build status of ${id} is at revision ${before.revision}` : `${id} has no build status yet`
  throw new CatalogueError('precondition_failed', `${found}, which does not meet the precondition; read it again and decide anew`)
}
