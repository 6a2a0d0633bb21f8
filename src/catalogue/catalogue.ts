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
import type { ContainerHistory } from './history/container-history.ts'
import type { DeletedList } from './history/deleted.ts'
import type { Events } from './history/events.ts'
import { createHistory, type HistorySettings } from './history/history.ts'
import type { JournalBounds } from './history/journal-bounds.ts'
import { type Images, imageCatalogue } from './images/images.ts'
import { layoutDownloads } from './images/layout-download.ts'
import { type ResumableUploads, resumableUploads } from './images/resumable-uploads.ts'
import { createStaleUploadGuard } from './images/stale-uploads.ts'
import { createJobs } from './jobs/jobs.ts'
import type { ContainerList } from './lists/container-list.ts'
import type { ContainerView } from './lists/image-views.ts'
import { createLists, type Lists } from './lists/lists.ts'
import type { ViewedRecord, Views } from './lists/views.ts'
import type { Waiting } from './lists/waiting.ts'
import { createChanges } from './records/changes.ts'
import { recordsOf } from './records/image-records.ts'
import { createJournal } from './records/journal.ts'
import type { Removals } from './tarballs/removals.ts'
import { createTarballs, defaultUploadExpiryMs, type TarballSettings, type Upkeep } from './tarballs/tarballs.ts'
import type { FileEvents } from './verification/file-events.ts'
import { currentFacts } from './verification/image-facts.ts'
import type { ImageSweep } from './verification/url-sweep.ts'
import { createVerification, type VerificationSettings } from './verification/verification.ts'
import type { Verifier } from './verification/verifier.ts'

/** Everything that the faces may ask for. */
export interface Catalogue {
  /** Containers by what they are; and since when every row was looked at. */
  list: ContainerList
  summaries: Lists['summaries']
  containers: Containers
  /** Absent where there is nowhere to keep tarballs. */
  images: Images | undefined
  /** All images of a container in one file. */
  layout: ReturnType<typeof layoutDownloads> | undefined
  /** Tarballs that arrive in pieces. */
  uploads: ResumableUploads | undefined
  verification: Verifier | undefined
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
  view: (container: ViewedRecord) => Promise<ContainerView>
  /** What happened to containers. */
  history: ContainerHistory
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
  sweep: ImageSweep | undefined
  jobSpecs: Specs
  hysdsIos: Specs
  /** A document as an engine would answer it, for operators. */
  describe: Record<'containers' | 'jobSpecs' | 'hysdsIos', DocumentStore['describe']>
}

/** What the rooms that keep, read and remove tarballs need. */
export interface TarballParts extends Omit<VerificationSettings, 'inspect'>, Omit<TarballSettings, 'inspect'> {
  now: () => Date
  /** How images are read; a wrapper may measure it. */
  inspect?: Inspect
}

export interface CatalogueOptions extends HistorySettings {
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
  /** Something behind the requests failed as nobody foresaw; default onUntold. */
  onFailure?: (error: unknown, what: string) => void
  /** Fill container_image_urls of job specs from the catalogue. */
  fillSpecs?: boolean
  /** How long an entry in the journal may be on its way before its change counts as somebody else's. */
  appendGraceMs?: number
}

export function createCatalogue(stores: Stores, options: CatalogueOptions): Catalogue {
  const { guarded, expected = [], rules = [], add = 'replace', hash, onAppendFailed, onFailure = onAppendFailed } = options
  const { fillSpecs = false, appendGraceMs: graceMs = 5000 } = options
  const settings = options.tarballs && { inspect: inspectImage, ...options.tarballs }
  const { now = () => new Date(), addresses = () => [] } = settings ?? {}
  const { queue, leases } = createJobs({ stores, hash, now, taskLeaseMs: settings?.leaseMs })
  const { facts, verifier, ...verification } = createVerification({ stores, hash, now, queue, settings, onFailure })
  const tarballs = settings && createTarballs({ stores, facts, queue, now, settings })
  const journal = createJournal(stores.journal, { hash, now })
  const rulebook = createRulebook({ rules, expected })
  const buildStatuses = createBuildStatuses({
    store: stores.buildStatuses,
    ...{ journal, rulebook, hash, now, onAppendFailed },
    releaseTarballs: tarballs?.removals.releaseTarballs
  })
  const { follow } = buildStatuses
  const release = tarballs?.removals.changed
  const changes = createChanges({ containers: stores.containers, journal, hash, follow, release, onAppendFailed })
  const plainRecords = recordsOf({ changes, guarded, facts })
  const lists = createLists({
    ...{ stores, changes, journal, facts, buildStatuses, rulebook, leases, verifier, addresses, hash, now, graceMs },
    ...{ rules: JSON.stringify([rules, expected]), onAppendFailed, onFailure }
  })
  const { views } = lists
  const publishing = createPublishing({
    ...{ records: plainRecords, changes, buildStatuses, facts, rulebook, guarded, verification: verifier, now, addresses },
    keep: tarballs?.removals.keep
  })
  verifier?.onProof((id) => publishing.settle(id))
  const history = createHistory({
    ...{ stores, journal, changes, facts, leases, guarded, view: views.of, verifier, hash, now, onFailure },
    ...{ tarballs: tarballs?.statuses, settings: options }
  })
  const planning = createPlanning({ changes, facts, buildStatuses, rulebook, jobSpecs: stores.jobSpecs, now })
  const demand = createDemandBook(stores.demand, { now })
  const containers = containerCatalogue(stores.containers, {
    ...{ guarded, add, facts, changes, publishing, verification: verifier },
    requireProof: verification.requireProof
  })
  const edits = containerEdits({ changes, guarded, facts, now, verification: verifier })
  return {
    containers: { ...containers, resolve: demand.counted(containers.resolve) },
    images:
      settings &&
      verifier &&
      imageCatalogue({ ...settings, records: publishing, buildStatuses, settle: publishing.settle, facts, verification: verifier, views }),
    layout: settings && layoutDownloads({ ...settings, facts, read: (id) => changes.read(id) }),
    uploads:
      tarballs &&
      settings &&
      resumableUploads({
        ...settings,
        facts,
        records: publishing,
        refuseStale: createStaleUploadGuard({ changes, buildStatuses, journal }),
        releaseTarballs: tarballs.removals.releaseTarballs,
        expiryMs: settings.uploadExpiryMs ?? defaultUploadExpiryMs
      }),
    verification: verifier,
    arrivals: verification.fileEvents,
    sweep: verification.sweep,
    list: lists.list,
    summaries: lists.summaries,
    waiting: lists.waiting,
    views,
    view: views.of,
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
    journalBounds: history.bounds,
    history: history.containers,
    events: history.events,
    deleted: history.deleted,
    specsNaming: (container) => specsNaming(stores.jobSpecs, { container, most: 20 }),
    upkeep: tarballs?.upkeep,
    removals: tarballs?.removals,
    backfill: createBackfill({ containers: stores.containers, facts, changes, guarded }),
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
