import type { Architecture } from '../domain/architecture.ts'
import type { Rule } from '../domain/build/rules.ts'
import { resolveImage } from '../domain/container/resolution.ts'
import type { Hash } from '../domain/image/facts.ts'
import { type Inspect, inspectImage } from '../images/inspect-image.ts'
import type { DocumentStore, Stores } from '../stores/document-store.ts'
import { type BuildStatuses, createBuildStatuses } from './builds/build-statuses.ts'
import { type Building, createBuilding } from './builds/building.ts'
import { createPlanning, type Planning } from './builds/planning.ts'
import { createPublishing, type Publishing } from './builds/publication.ts'
import { createRulebook } from './builds/rulebook.ts'
import { type Backfill, createBackfill } from './containers/backfill.ts'
import { type Batches, createBatches } from './containers/batch.ts'
import { type ContainerEdits, containerEdits } from './containers/container-edits.ts'
import { type Containers, containerCatalogue } from './containers/containers.ts'
import { createDemandBook, type DemandBook } from './containers/demand.ts'
import { specsNaming } from './containers/spec-references.ts'
import { type Specs, specCatalogue } from './containers/specs.ts'
import { type DeletedList, deletedList } from './history/deleted.ts'
import { createEvents, type EventBounds, type Events } from './history/events.ts'
import { createHistory, type History } from './history/history.ts'
import { createJournalBounds, type JournalBounds } from './history/journal-bounds.ts'
import { type Images, type ImagesParts, imageCatalogue } from './images/images.ts'
import { layoutDownloads } from './images/layout-download.ts'
import { type ResumableUploads, resumableUploads } from './images/resumable-uploads.ts'
import { createStaleUploadGuard } from './images/stale-uploads.ts'
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
import { createChanges, type StoredRecord } from './records/changes.ts'
import { recordsOf } from './records/image-records.ts'
import { createJournal } from './records/journal.ts'
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

/** Everything that the faces may ask for. */
export interface Catalogue {
  /** Containers by what they are; and since when every row was looked at. */
  list: ReturnType<typeof containerList>
  summaries: Summaries & SummarySweep
  containers: Containers
  /** Absent where there is nowhere to keep tarballs. */
  images: Images | undefined
  /** All images of a container in one file. */
  layout: ReturnType<typeof layoutDownloads> | undefined
  /** Tarballs that arrive in pieces. */
  uploads: ResumableUploads | undefined
  verification: Verification | undefined
  /** To be told of tarballs that come and go by their paths. */
  arrivals: FileEvents | undefined
  /** Changing whole containers. */
  edits: ContainerEdits
  /** Changing several of them at once. */
  batches: Batches
  /** The image that a container has for an architecture. Throws container_unknown, image_missing, image_mislabelled, image_gone. */
  imageOf: (id: string, architecture: string) => Promise<{ url: string; digest: string | undefined }>
  /** What stands beside the records. */
  buildStatuses: BuildStatuses
  /** Whom containers expect, and how their builds stand. */
  building: Building
  /** When images are published, and what is to be done about it when time has passed. */
  publishing: Publishing
  /** Waiting until a container stands as somebody wishes. */
  waiting: Waiting
  views: Views
  /** A container with what is known of it. */
  view: (known: Pick<StoredRecord, 'record' | 'revision'>) => Promise<ContainerView>
  /** What happened to containers. */
  history: History
  deleted: DeletedList
  journalBounds: JournalBounds
  /** What happens, as it happens. */
  events: Events
  /** What follows from what is known. */
  planning: Planning
  /** What machines asked for. */
  demand: DemandBook
  hash: Hash
  /** Ids of job specs that name a container; the first of them. */
  specsNaming: (container: string) => Promise<string[]>
  /** Looking after what is there. */
  upkeep: Upkeep | undefined
  /** Naming the architecture of records that name none, where it is proven. */
  backfill: Backfill
  /** Removing tarballs that no container names any more. */
  removals: Removals | undefined
  /** Looks again at what was looked at longest ago. */
  sweep: ((options: Parameters<typeof sweep>[1]) => Promise<number>) | undefined
  jobSpecs: Specs
  hysdsIos: Specs
  /** A document as an engine would answer it, for operators. */
  describe: Record<'containers' | 'jobSpecs' | 'hysdsIos', DocumentStore['describe']>
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
  const journal = createJournal(stores.journal, { hash, now })
  const rulebook = createRulebook({ rules, expected })
  const releaseTarballs = async (id: string, urls: readonly string[]) => removals?.releaseTarballs(id, urls) ?? []
  const buildStatuses = createBuildStatuses({ store: stores.buildStatuses, journal, rulebook, hash, now, onAppendFailed, releaseTarballs })
  const queue = taskQueue(stores.tasks, { hash, now, leaseMs: 60_000, ...tarballs })
  const naming = namingOf(stores)
  const removals = tarballs && createRemovals({ ...stores, ...tarballs, ...tarballs.removal, naming, queue })
  const upkeep = tarballs && removals && upkeepCatalogue(stores, { ...tarballs, facts, naming, queue, removals })
  const { follow } = buildStatuses
  const changes = createChanges({ containers: stores.containers, journal, hash, follow, release: removals?.changed, onAppendFailed })
  const plainRecords = recordsOf({ changes, guarded, facts })
  const views = createViews({ changes, facts, buildStatuses, journal, summaries: stores.summaries, rulebook, hash, now })
  const leases = createLeases(stores.leases, { now, leaseMs: 60_000 })
  const externalChanges = createExternalChanges({
    journal,
    hash,
    now,
    graceMs: appendGraceMs,
    baseline: async () => (await sweeper.swept()) !== undefined,
    onForeign: async (record) => verification?.registered(record, { publicUrl: tarballs?.addresses()[0] ?? '' })
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
  const verification = tarballs && createVerification({ ...tarballs, imageAt, facts, queue, onFailure })
  const publishing = createPublishing({
    ...{ records: plainRecords, changes, buildStatuses, facts, rulebook, guarded, verification, now },
    keep: removals?.keep,
    addresses: tarballs?.addresses ?? (() => [])
  })
  verification?.onProof((id) => publishing.settle(id))
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
  const planning = createPlanning({ changes, facts, buildStatuses, rulebook, jobSpecs: stores.jobSpecs, now })
  const demand = createDemandBook(stores.demand, { now })
  const standings = tarballs && removals && tarballStatuses({ ...tarballs, pendingAmong: removals.pendingAmong })
  const strictly = { requireProof: tarballs?.strict ? requireProofWith(tarballs) : undefined }
  const containers = containerCatalogue(stores.containers, { guarded, add, facts, changes, publishing, verification, ...strictly })
  const edits = containerEdits({ changes, guarded, facts, now, verification })
  return {
    containers: { ...containers, resolve: demand.counted(containers.resolve) },
    images:
      tarballs &&
      verification &&
      imageCatalogue({ ...tarballs, records: publishing, buildStatuses, settle: publishing.settle, facts, verification, views }),
    layout: tarballs && layoutDownloads({ ...tarballs, facts, read: (id) => changes.read(id) }),
    uploads:
      tarballs &&
      resumableUploads({
        ...tarballs,
        facts,
        records: publishing,
        refuseStale: createStaleUploadGuard({ changes, buildStatuses, journal }),
        releaseTarballs,
        expiryMs: tarballs.uploadExpiryMs ?? 24 * 3_600_000
      }),
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
    edits,
    async imageOf(id, architecture) {
      const { record } = await changes.read(id)
      const known = await currentFacts(facts, record)
      const { url, architecture: imageKey } = resolveImage(record, architecture, { facts: [...known.values()] })
      const proven = known.get(imageKey ?? '')
      return { url, digest: proven?.given ?? proven?.config ?? record.digest }
    },
    batches: createBatches({ changes, edits, journal, leases: stores.leases, turns: leases, hash, now }),
    buildStatuses,
    building: createBuilding({ buildStatuses, changes, rulebook, settle: publishing.settle, now }),
    publishing,
    waiting: createWaiting({ views, journal, buildStatuses }),
    views,
    view: views.of,
    journalBounds,
    history: createHistory({ journal, bounds: journalBounds, changes, guarded, view: views.of, verification, standings, facts, now }),
    events: createEvents({ journal, now, bounds: options.eventBounds, onError: (error) => onFailure(error, 'events could not be read') }),
    deleted: deletedList({ journal, containers: stores.containers, tarballs: standings, now, keepMs: deletedKeepMs }),
    specsNaming: (container) => specsNaming(stores.jobSpecs, { container, most: 20 }),
    upkeep,
    removals,
    backfill: createBackfill({ containers: stores.containers, facts, changes, guarded }),
    sweep: tarballs && ((options) => sweep({ ...tarballs, imageAt, facts: stores.facts, queue }, options)),
    planning,
    demand,
    hash,
    jobSpecs: specCatalogue(stores.jobSpecs, fillSpecs ? { prepared: planning.filled } : {}),
    hysdsIos: specCatalogue(stores.hysdsIos),
    describe: {
      containers: (id, options) => stores.containers.describe(id, options),
      jobSpecs: (id, options) => stores.jobSpecs.describe(id, options),
      hysdsIos: (id, options) => stores.hysdsIos.describe(id, options)
    }
  }
}
