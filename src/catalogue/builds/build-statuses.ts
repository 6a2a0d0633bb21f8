import type { Architecture } from '../../domain/architecture.ts'
import { type BuildStatus, emptyBuildStatus, maxArchitectures, withImageUpdate } from '../../domain/build/build-status.ts'
import { buildStatusId, fromBuildStatusDocument, toBuildStatusDocument } from '../../domain/build/build-status-document.ts'
import { dueAt, isBlank } from '../../domain/build/due-time.ts'
import { currentUrls } from '../../domain/build/state.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import type { Cause, EntryKind } from '../../domain/history/entry.ts'
import type { Hash } from '../../domain/image/facts.ts'
import type { Release } from '../../domain/image/task.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import { createKeyedMutex } from '../jobs/keyed-mutex.ts'
import type { Precondition, RecordChange, RecordChanged } from '../records/changes.ts'
import type { Journal } from '../records/journal.ts'
import type { Rulebook } from './rulebook.ts'

/** What stands beside a container, with the revision that it stands at. */
export interface StoredBuildStatus {
  buildStatus: BuildStatus
  revision: string
}

export interface BuildStatusChange {
  kind: Extract<EntryKind, 'expected' | 'build' | 'test' | 'pending'>
  cause: Cause
  architecture?: Architecture | undefined
  /** A function of domain/assembly.ts: it answers the very same value when there is nothing to write. May be asked again. */
  to(buildStatus: BuildStatus, now: string): BuildStatus
  /** What the entry in the journal holds of before and after. Where that is the same there is no entry. */
  told(buildStatus: BuildStatus): unknown
  /** The entry's word, and the same in a sentence. */
  what: string
  summary: string
  precondition?: Precondition | undefined
  dryRun?: boolean | undefined
}

export interface BuildStatusChanged {
  before: StoredBuildStatus | undefined
  after: StoredBuildStatus
  /** Whether it said all this before, so that nothing was written. */
  unchanged: boolean
  /** The tarballs of ours that waited to be published, and wait no longer. */
  released: readonly Release[]
}

/** The one document beside each container, changed by compare-and-swap, in turn per container. */
export interface BuildStatuses {
  find(id: string): Promise<BuildStatus | undefined>
  known(id: string): Promise<StoredBuildStatus | undefined>
  change(id: string, change: BuildStatusChange): Promise<BuildStatusChanged>
  /**
   * Notes which images came into a record, or left it; or that the record is gone. To be called after every change of a record; `brought`
   * are those that came, though it may be under the URL that they had. Answers the tarballs that waited, and wait no longer.
   */
  follow(id: string, changed: Pick<RecordChanged, 'before' | 'after'> & Pick<RecordChange, 'brought'>): Promise<readonly Release[]>
  /** Ids of those that are to be looked at again by now; the first of them. */
  due(limit: number): Promise<string[]>
  /** They were: by time alone their state may be another one. */
  seen(id: string): Promise<void>
  /** Hears of each container whose assembly this process changed: its state may be another one. */
  onTouched(listener: (id: string) => void): void
}

export interface BuildStatusesParts {
  store: DocumentStore
  journal: Pick<Journal, 'append'>
  rulebook: Pick<Rulebook, 'policiesOf'>
  hash: Hash
  now: () => Date
  /** The change is there, and the journal could not take it. */
  onAppendFailed(error: unknown, id: string): void
  /** Hears of images that wait no longer: published, given up, or replaced by others. It never throws. */
  releaseTarballs?: ((id: string, urls: readonly string[]) => Promise<readonly Release[]>) | undefined
}

type Stands = StoredBuildStatus | undefined
type Arrived = ReadonlyMap<Architecture, string | null>

const maxAttempts = 50
/** The first change of all happens when it happens, not after anything. */
const longAgo = new Date(0).toISOString()

export function createBuildStatuses({
  store,
  journal,
  rulebook,
  hash,
  now,
  onAppendFailed,
  releaseTarballs
}: BuildStatusesParts): BuildStatuses {
  const withLock = createKeyedMutex()
  const listeners: ((id: string) => void)[] = []
  const arrivals = new Map<string, Map<Architecture, string | null>>()
  const keyOf = (id: string) => buildStatusId(id, hash)

  async function known(id: string): Promise<Stands> {
    const stored = await store.get(keyOf(id))
    const buildStatus = stored && fromBuildStatusDocument(stored.document)
    return buildStatus && { buildStatus, revision: stored.revision }
  }

  /** The new revision; undefined when somebody else wrote in between. */
  async function put(id: string, { before, after, at }: { before: Stands; after: BuildStatus; at: string }): Promise<string | undefined> {
    const { buildTimeoutMs } = rulebook.policiesOf(id)
    const expected = before ? { revision: before.revision } : { absent: true as const }
    try {
      if (!isBlank(after)) {
        const document = toBuildStatusDocument(after, dueAt(after, { buildTimeoutMs, now: at }))
        return (await store.put(keyOf(id), document, expected)).revision
      }
      if (!before || (await store.remove(keyOf(id), { revision: before.revision }))) return ''
      return undefined
    } catch (error) {
      if (isCatalogueError(error, 'revision_conflict', 'already_exists')) return undefined
      throw error
    }
  }

  /** Writes what a function makes of what stands there; `always` writes the same again too. */
  async function swap(
    id: string,
    {
      to,
      check,
      always = false,
      dryRun = false
    }: Pick<BuildStatusChange, 'to' | 'dryRun'> & { check?: (before: Stands) => void; always?: boolean }
  ): Promise<BuildStatusChanged> {
    for (let attempts = 1; attempts <= maxAttempts; attempts++) {
      const before = await known(id)
      check?.(before)
      const at = now().toISOString()
      const former = before?.buildStatus ?? { ...emptyBuildStatus(id, at), updated: longAgo }
      const after = to(former, at)
      const unchanged = after === former
      if (dryRun || (unchanged && !always)) {
        return { before, after: { buildStatus: after, revision: before?.revision ?? '' }, unchanged, released: [] }
      }
      const revision = await put(id, { before, after, at })
      if (revision === undefined) continue
      const waiting = new Set([...after.pending.values()].map(({ url }) => url))
      const gone = [...former.pending.values()].flatMap(({ url }) => (waiting.has(url) ? [] : url))
      const released = (gone.length > 0 && (await releaseTarballs?.(id, gone))) || []
      return { before, after: { buildStatus: after, revision }, unchanged, released }
    }
    throw new CatalogueError('revision_conflict', `what stands beside ${id} is changed by too many at once; try again`)
  }

  function touched(id: string): void {
    for (const listener of listeners) listener(id)
  }

  async function append(id: string, { change, changed }: { change: BuildStatusChange; changed: BuildStatusChanged }): Promise<void> {
    const { kind, cause: by, what, summary, architecture = null, told } = change
    const [before, after] = [changed.before?.buildStatus, changed.after.buildStatus].map(
      (one) => (one && JSON.stringify(told(one))) ?? null
    )
    if (before === after) return
    const documents = { before: before ?? null, after: after ?? null }
    const entry = { container: id, kind, what, by, summary, architecture, revision: null, previous: null, fingerprint: null, ...documents }
    try {
      await journal.append({ ...entry, subject: changed.after.revision })
    } catch (error) {
      onAppendFailed(error, id)
    }
  }

  /** Only where something stands beside the container already: it is what arrivals are compared with. */
  async function noteArrivals(id: string): Promise<readonly Release[]> {
    const images = arrivals.get(id)
    if (!images) return []
    arrivals.delete(id)
    if (!(await known(id))) return []
    const { released } = await swap(id, { to: (buildStatus, at) => withArrivals(buildStatus, { images, now: at }) })
    touched(id)
    return released
  }

  /** Of all that was, only whom to expect: that was said of the name, and holds for whatever is built under it again. */
  async function clear(id: string): Promise<readonly Release[]> {
    if (!(await known(id))) return []
    const to = (buildStatus: BuildStatus, at: string) => ({
      ...emptyBuildStatus(id, buildStatus.created),
      expected: buildStatus.expected,
      updated: at
    })
    const { released } = await swap(id, { to })
    touched(id)
    return released
  }

  return {
    known,
    find: async (id) => (await known(id))?.buildStatus,

    async change(id, change) {
      const check = (before: Stands) => checkPrecondition(id, { before, precondition: change.precondition })
      const work = async () => {
        const changed = await swap(id, { ...change, check })
        if (changed.unchanged || change.dryRun) return changed
        await append(id, { change, changed })
        touched(id)
        return changed
      }
      return change.dryRun ? work() : withLock(id, work)
    },

    follow(id, { before, after, brought = [] }) {
      if (!after) return withLock(id, () => clear(id))
      const [former, images] = [before, after].map((known) => (known ? currentUrls(known.record) : new Map<Architecture, string>()))
      const came = (architecture: Architecture) => brought === 'all' || brought.includes(architecture)
      // several that come while one is being written down are written down at once
      const waiting = arrivals.get(id) ?? new Map<Architecture, string | null>()
      arrivals.set(id, waiting)
      for (const [architecture, url] of images!) {
        if (former!.get(architecture) !== url || came(architecture)) waiting.set(architecture, url)
      }
      for (const architecture of former!.keys()) if (!images!.has(architecture)) waiting.set(architecture, null)
      return withLock(id, () => noteArrivals(id))
    },

    async due(limit) {
      const { items } = await store.list({ sort: { field: 'wakes', order: 'asc' }, limit })
      const at = now().toISOString()
      return items.flatMap(({ document }) => {
        const { container, wakes } = JSON.parse(document) as { container?: unknown; wakes?: unknown }
        return typeof container === 'string' && typeof wakes === 'string' && wakes <= at ? container : []
      })
    },

    async seen(id) {
      await withLock(id, async () => {
        if (await known(id)) await swap(id, { to: (buildStatus) => buildStatus, always: true })
        touched(id)
      })
    },

    onTouched(listener) {
      listeners.push(listener)
    }
  }
}

function withArrivals(buildStatus: BuildStatus, { images, now }: { images: Arrived; now: string }): BuildStatus {
  let next = buildStatus
  for (const [architecture, url] of images) {
    // more than are kept of anything: such a one is known by its URL alone
    if (next.arrivals.size >= maxArchitectures && !next.arrivals.has(architecture)) continue
    next = withImageUpdate(next, { architecture, url, now })
  }
  return next
}

function checkPrecondition(id: string, { before, precondition }: { before: Stands; precondition: Precondition | undefined }): void {
  if (precondition === undefined) return
  const holds =
    'absent' in precondition ? !before : 'present' in precondition ? before : before && precondition.revisions.includes(before.revision)
  if (holds) return
  const stands = before ? `stands at revision ${before.revision}` : 'is nothing yet'
  throw new CatalogueError(
    'precondition_failed',
    `what stands beside ${id} ${stands}, which is not what was expected; read it again, and decide anew`
  )
}
