import type { Architecture } from '../domain/architecture.ts'
import type { Rule } from '../domain/build/rules.ts'
import { requestedArchitecture, resolveImage } from '../domain/container/resolution.ts'
import type { Hash } from '../domain/image/facts.ts'
import { type Inspect, inspectImage } from '../images/inspect-image.ts'
import type { Stores } from '../stores/document-store.ts'
import { type Builds, createBuilds } from './builds/builds.ts'
import { type ContainerCatalogue, createContainerCatalogue } from './containers/container-catalogue.ts'
import { type DeletedList, deletedList } from './history/deleted.ts'
import { createEvents, type EventBounds, type Events } from './history/events.ts'
import { createHistory, type History } from './history/history.ts'
import { createJournalBounds, type JournalBounds } from './history/journal-bounds.ts'
import { createImageCatalogue, type ImageCatalogue } from './images/image-catalogue.ts'
import type { ImagesParts } from './images/images.ts'
import { createLeases } from './jobs/leases.ts'
import { taskQueue } from './jobs/task-queue.ts'
import { containerList, summariseComingWith, summariseWith } from './lists/container-list.ts'
import { createExternalChanges, rangeOf } from './lists/external-changes.ts'
import type { ContainerView } from './lists/image-views.ts'
import { stateEntries } from './lists/state-entries.ts'
import { createSummaries, type Summaries } from './lists/summaries.ts'
import { createSummarySweep, type SummarySweep } from './lists/summary-sweep.ts'
import { createViews, type Views } from './lists/views.ts'
import { createWaiting, type Waiting } from './lists/waiting.ts'
import type { StoredRecord } from './records/changes.ts'
import { createRecords } from './records/records.ts'
import { namingOf } from './tarballs/naming.ts'
import { createRemovals, type Removals, type RemovalsParts } from './tarballs/removals.ts'
import { tarballStatuses } from './tarballs/tarball-status.ts'
import { type Upkeep, type UpkeepParts, upkeepCatalogue } from './tarballs/upkeep.ts'
import { createFileEvents, type FileEvents } from './verification/file-events.ts'
import { createFactsStore, currentFacts } from './verification/image-facts.ts'
import { createImageLookup } from './verification/image-lookup.ts'
import { requireProofWith } from './verification/strict-registration.ts'
import { sweep } from './verification/url-sweep.ts'
import { createVerification, type Verification, type VerificationParts } from './verification/verification.ts'

/** Everything that the faces may ask for. What is about tarballs is undefined where there is no store for them. */
export interface Catalogue extends ContainerCatalogue, Omit<Builds, 'siteRules'>, Partial<ImageCatalogue> {
  list: ReturnType<typeof containerList>
  summaries: Summaries & SummarySweep
  verification: Verification | undefined
  /** Hears of tarballs that are stored and removed by their paths. */
  arrivals: FileEvents | undefined
  /** Returns the image that a container has for an architecture. Throws container_unknown, image_missing, image_mislabelled, image_gone. */
  imageOf: (id: string, architecture: string) => Promise<{ url: string; digest: string | undefined }>
  waiting: Waiting
  views: Views
  view: (stored: Pick<StoredRecord, 'record' | 'revision'>) => Promise<ContainerView>
  history: History
  deleted: DeletedList
  journalBounds: JournalBounds
  events: Events
  hash: Hash
  upkeep: Upkeep | undefined
  /** Removes tarballs that no container names any more. */
  removals: Removals | undefined
  /** Verifies again the images that were verified longest ago. */
  sweep: ((options: Parameters<typeof sweep>[1]) => Promise<number>) | undefined
}

type RemovalSettings = Pick<RemovalsParts, 'graceMs' | 'onReleased' | 'onRemoved' | 'onError'>

export interface TarballParts extends Pick<ImagesParts, 'blobs' | 'sources' | 'now' | 'strict' | 'addresses'> {
  removal: RemovalSettings
  /** SHA-256 of bytes as they come, hexadecimal. */
  digestOf: UpkeepParts['digestOf']
  aloneSince: UpkeepParts['aloneSince']
  /** Which images are read to prove what they are. */
  mode: VerificationParts['mode']
  /** For how long a task is somebody's without a sign of life. */
  leaseMs: number
  /** For how long an upload may stand still, over restarts; default a day. */
  uploadExpiryMs?: number
  /** How images are read; a wrapper may measure it. */
  inspect?: Inspect
  /** How long the store needs until a list shows what was just written; default not at all. */
  settleMs?: number
  /** Somebody removed a tarball by its path that images of these containers are. */
  onDeparted?: (departed: { key: string; containers: string[] }) => void
  /** What is known of a tarball that was replaced or removed could not be looked for. */
  onMissed?: (error: unknown, key: string) => void
}

export interface CatalogueOptions {
  guarded: readonly Architecture[]
  /** The architectures that a container shall have where neither itself nor a rule says so; default none. */
  expected?: readonly Architecture[]
  rules?: readonly Rule[]
  /** What container/add does to a record that is there, unless the request says; default replace. */
  add?: 'replace' | 'merge'
  hash: Hash
  tarballs?: TarballParts | undefined
  /** A change was made, and the journal could not take it. */
  onAppendFailed: (error: unknown, id: string) => void
  /** For how long a removed container is listed as one that can be brought back. */
  deletedKeepMs?: number
  /** How many entries of a container's history are kept; default 1000. */
  historyEntries?: number
  /** And for how long; default a year. */
  historyKeepMs?: number
  eventBounds?: Partial<EventBounds> | undefined
  /** Something behind the requests failed as nobody foresaw; default onUntold. */
  onFailure?: (error: unknown, what: string) => void
  /** Fill container_image_urls of job specs from the catalogue. */
  fillSpecs?: boolean
  /** How long an entry in the journal may be on its way before its change counts as somebody else's. */
  appendGraceMs?: number
}

const day = 24 * 3_600_000

export function createCatalogue(stores: Stores, options: CatalogueOptions): Catalogue {
  const { guarded, expected = [], rules = [], add = 'replace', hash, onAppendFailed } = options
  const tarballs = options.tarballs && { inspect: inspectImage, ...options.tarballs }
  const { deletedKeepMs = 30 * day, historyEntries = 1000, historyKeepMs = 365 * day, onFailure = onAppendFailed } = options
  const { fillSpecs = false } = options
  const { appendGraceMs = 5000 } = options
  const imageAt = createImageLookup({ ...stores, hash })
  const facts = createFactsStore(stores.facts, hash, { imageAt, onWrite: (container) => summaries.touched(container) })
  const now = tarballs?.now ?? (() => new Date())
  const addresses = tarballs?.addresses ?? (() => [])
  const queue = taskQueue(stores.tasks, { hash, now, leaseMs: 60_000, ...tarballs })
  const leases = createLeases(stores.leases, { now, leaseMs: 60_000 })
  const naming = namingOf(stores)
  const removals = tarballs && createRemovals({ ...stores, ...tarballs, ...tarballs.removal, naming, queue })
  const releaseTarballs = async (id: string, urls: readonly string[]) => removals?.releaseTarballs(id, urls) ?? []
  const upkeep = tarballs && removals && upkeepCatalogue(stores, { ...tarballs, facts, naming, queue, removals })
  const verification = tarballs && createVerification({ ...tarballs, imageAt, facts, queue, onFailure })
  const records = createRecords(stores, { guarded, facts, hash, now, onAppendFailed })
  const { journal, changes } = records
  if (removals) changes.onWrite(removals.changed)
  const { siteRules, ...builds } = createBuilds(stores, {
    ...records,
    ...{ facts, guarded, rules, expected, verification, addresses, keep: removals?.keep, releaseTarballs, hash, now, onAppendFailed }
  })
  const { buildStatuses, publishing, planning } = builds
  const views = createViews({ changes, facts, buildStatuses, journal, summaries: stores.summaries, rules: siteRules, hash, now })
  const externalChanges = createExternalChanges({
    journal,
    hash,
    now,
    graceMs: appendGraceMs,
    baseline: async () => (await sweeper.swept()) !== undefined,
    onForeign: async (record) => verification?.registered(record, { publicUrl: addresses()[0] ?? '' })
  })
  const summarise = summariseWith({ views, now })
  const summariseComing = summariseComingWith({ views, hash, now })
  const summaries = createSummaries({
    store: stores.summaries,
    changes,
    summarise,
    summariseComing,
    account: externalChanges.account,
    graceMs: appendGraceMs,
    onWritten: stateEntries({ journal, views, onAppendFailed }),
    onError: (error) => onFailure(error, 'a row of the lists could not be written')
  })
  const config = JSON.stringify([rules, expected])
  const sweeper = createSummarySweep({ stores, summaries, leases, hash, now, rules: config })
  changes.onChange((id, told) => summaries.touched(id, rangeOf(told)))
  buildStatuses.onTouched((id) => summaries.touched(id))
  const journalBounds = createJournalBounds({
    store: stores.journal,
    journal,
    containers: stores.containers,
    leases,
    hash,
    now,
    entries: historyEntries,
    keepMs: historyKeepMs
  })
  const standings = tarballs && removals && tarballStatuses({ ...tarballs, pendingAmong: removals.pendingAmong })
  const containers = createContainerCatalogue(stores, {
    ...records,
    ...{ guarded, add, facts, publishing, verification, batchLeases: leases, hash, now },
    requireProof: tarballs?.strict ? requireProofWith(tarballs) : undefined,
    preparedSpec: fillSpecs ? planning.filled : undefined
  })
  return {
    ...containers,
    ...builds,
    ...(tarballs &&
      verification &&
      createImageCatalogue({ ...tarballs, ...records, buildStatuses, publishing, facts, verification, views, releaseTarballs })),
    verification,
    list: containerList({ containers: stores.containers, rows: stores.summaries, summaries, views, now }),
    summaries: { ...summaries, ...sweeper },
    arrivals:
      tarballs &&
      verification &&
      createFileEvents({
        facts: stores.facts,
        queue,
        now,
        verified: tarballs.mode !== 'off',
        settleMs: tarballs.settleMs ?? 0,
        wake: verification.wake,
        blobs: tarballs.blobs,
        onWrite: (container) => summaries.touched(container),
        onDeparted: tarballs.onDeparted ?? (() => {}),
        onError: tarballs.onMissed ?? (() => {})
      }),
    async imageOf(id, architecture) {
      const { record } = await changes.read(id)
      const current = await currentFacts(facts, record)
      const { url, architecture: imageKey } = resolveImage(record, requestedArchitecture(architecture), { facts: [...current.values()] })
      const proven = current.get(imageKey ?? '')
      return { url, digest: proven?.given ?? proven?.config ?? record.digest }
    },
    waiting: createWaiting({ views, journal, buildStatuses }),
    views,
    view: views.of,
    journalBounds,
    history: createHistory({ journal, bounds: journalBounds, changes, guarded, view: views.of, verification, standings, facts, now }),
    events: createEvents({ journal, now, bounds: options.eventBounds, onError: (error) => onFailure(error, 'events could not be read') }),
    deleted: deletedList({ journal, containers: stores.containers, tarballs: standings, now, keepMs: deletedKeepMs }),
    hash,
    upkeep,
    removals,
    sweep: tarballs && ((options) => sweep({ ...tarballs, imageAt, facts: stores.facts, queue }, options))
  }
}
