import type { Architecture } from '../domain/architecture.ts'
import type { Hash } from '../domain/facts.ts'
import { resolveImage } from '../domain/resolution.ts'
import type { Rule } from '../domain/rules.ts'
import { type Inspect, inspectImage } from '../images/inspect-image.ts'
import type { DocumentStore, Stores } from '../stores/document-store.ts'
import { type Arrivals, createArrivals } from './arrivals.ts'
import { type Assemblies, createAssemblies } from './assemblies.ts'
import { type Backfill, createBackfill } from './backfill.ts'
import { type Batches, createBatches } from './batch.ts'
import { type Building, createBuilding } from './building.ts'
import { createChanges, type Known } from './changes.ts'
import { type ContainerEdits, containerEdits } from './container-edits.ts'
import { containerList, summariseComingWith, summariseWith } from './container-list.ts'
import { type Containers, containerCatalogue } from './containers.ts'
import { type DeletedList, deletedList } from './deleted.ts'
import { createDemandBook, type DemandBook } from './demand.ts'
import { createEvents, type EventBounds, type Events } from './events.ts'
import { factsBook, knownOf } from './facts.ts'
import { createHistory, type History } from './history.ts'
import type { ContainerView } from './image-views.ts'
import { type Images, type ImagesParts, imageCatalogue } from './images.ts'
import { createJournal } from './journal.ts'
import { createJournalBounds, type JournalBounds } from './journal-bounds.ts'
import { layoutDownloads } from './layout-download.ts'
import { createLeases } from './leases.ts'
import { namingOf } from './naming.ts'
import { createNoticing, spanOf } from './noticing.ts'
import { notOvertaken } from './overtaking.ts'
import { createPlanning, type Planning } from './planning.ts'
import { createPublishing, type Publishing } from './publication.ts'
import { recordsOf } from './records.ts'
import { createRemovals, type Removals, type RemovalsParts } from './removals.ts'
import { type ResumableUploads, resumableUploads } from './resumable-uploads.ts'
import { createRulebook } from './rulebook.ts'
import { inSlotOf } from './slots.ts'
import { specsNaming } from './spec-references.ts'
import { type Specs, specCatalogue } from './specs.ts'
import { stateEntries } from './state-entries.ts'
import { requireProofWith } from './strict-registration.ts'
import { createSummaries, type Summaries } from './summaries.ts'
import { createSummarySweep, type SummarySweep } from './summary-sweep.ts'
import { sweep } from './sweep.ts'
import { tarballStandings } from './tarball-standing.ts'
import { taskQueue } from './task-queue.ts'
import { type Upkeep, type UpkeepParts, upkeepCatalogue } from './upkeep.ts'
import { createVerification, type Verification, type VerificationParts } from './verification.ts'
import { createViews, type Views } from './views.ts'
import { createWaiting, type Waiting } from './waiting.ts'

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
  arrivals: Arrivals | undefined
  /** Changing whole containers. */
  edits: ContainerEdits
  /** Changing several of them at once. */
  batches: Batches
  /** The image that a container has for an architecture. Throws container_unknown, image_missing, image_mislabelled, image_gone. */
  imageOf: (id: string, architecture: string) => Promise<{ url: string; digest: string | undefined }>
  /** What stands beside the records. */
  assemblies: Assemblies
  /** Whom containers expect, and how their builds stand. */
  building: Building
  /** When images are published, and what is to be done about it when time has passed. */
  publishing: Publishing
  /** Waiting until a container stands as somebody wishes. */
  waiting: Waiting
  views: Views
  /** A container with what is known of it. */
  view: (known: Pick<Known, 'record' | 'revision'>) => Promise<ContainerView>
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
  onUntold: (error: unknown, id: string) => void
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
  untoldMs?: number
}

const day = 24 * 3_600_000

export function createCatalogue(stores: Stores, options: CatalogueOptions): Catalogue {
  const { guarded, expected = [], rules = [], add = 'replace', hash, onUntold } = options
  const tarballs = options.tarballs && { inspect: inspectImage, ...options.tarballs }
  const { deletedKeepMs = 30 * day, historyEntries = 1000, historyKeepMs = 365 * day, onFailure = onUntold } = options
  const { fillSpecs = false } = options
  const { untoldMs = 5000 } = options
  const inSlot = inSlotOf({ ...stores, hash })
  const facts = factsBook(stores.facts, hash, { inSlot, onWrite: (container) => summaries.touched(container) })
  const now = tarballs?.now ?? (() => new Date())
  const journal = createJournal(stores.journal, { hash, now })
  const rulebook = createRulebook({ rules, expected })
  const letGo = async (id: string, urls: readonly string[]) => removals?.letGo(id, urls) ?? []
  const assemblies = createAssemblies({ store: stores.assemblies, journal, rulebook, hash, now, onUntold, letGo })
  const queue = taskQueue(stores.tasks, { hash, now, leaseMs: 60_000, ...tarballs })
  const naming = namingOf(stores)
  const removals = tarballs && createRemovals({ ...stores, ...tarballs, ...tarballs.removal, naming, queue })
  const upkeep = tarballs && removals && upkeepCatalogue(stores, { ...tarballs, facts, naming, queue, removals })
  const { follow } = assemblies
  const changes = createChanges({ containers: stores.containers, journal, hash, follow, release: removals?.changed, onUntold })
  const plainRecords = recordsOf({ changes, guarded, facts })
  const views = createViews({ changes, facts, assemblies, journal, summaries: stores.summaries, rulebook, hash, now })
  const leases = createLeases(stores.leases, { now, leaseMs: 60_000 })
  const noticing = createNoticing({
    journal,
    hash,
    now,
    graceMs: untoldMs,
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
    account: noticing.account,
    graceMs: untoldMs,
    onWritten: stateEntries({ journal, views, onUntold }),
    onError: (error) => onFailure(error, 'a row of the lists could not be written')
  })
  const config = JSON.stringify([rules, expected])
  const sweeper = createSummarySweep({ stores, summaries, leases, hash, now, rules: config })
  changes.onChange((id, told) => summaries.touched(id, spanOf(told)))
  assemblies.onTouched((id) => summaries.touched(id))
  const verification = tarballs && createVerification({ ...tarballs, inSlot, facts, queue, onFailure })
  const publishing = createPublishing({
    ...{ records: plainRecords, changes, assemblies, facts, rulebook, guarded, verification, now },
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
  const planning = createPlanning({ changes, facts, assemblies, rulebook, jobSpecs: stores.jobSpecs, now })
  const demand = createDemandBook(stores.demand, { now })
  const standings = tarballs && removals && tarballStandings({ ...tarballs, pendingAmong: removals.pendingAmong })
  const strictly = { requireProof: tarballs?.strict ? requireProofWith(tarballs) : undefined }
  const containers = containerCatalogue(stores.containers, { guarded, add, facts, changes, publishing, verification, ...strictly })
  const edits = containerEdits({ changes, guarded, facts, now, verification })
  return {
    containers: { ...containers, resolve: demand.counted(containers.resolve) },
    images:
      tarballs &&
      verification &&
      imageCatalogue({ ...tarballs, records: publishing, assemblies, settle: publishing.settle, facts, verification, views }),
    layout: tarballs && layoutDownloads({ ...tarballs, facts, read: (id) => changes.read(id) }),
    uploads:
      tarballs &&
      resumableUploads({
        ...tarballs,
        facts,
        records: publishing,
        notOvertaken: notOvertaken({ changes, assemblies, journal }),
        letGo,
        expiryMs: tarballs.uploadExpiryMs ?? 24 * 3_600_000
      }),
    verification,
    list: containerList({ containers: stores.containers, rows: stores.summaries, summaries, views, now }),
    summaries: { ...summaries, ...sweeper },
    arrivals:
      tarballs &&
      verification &&
      createArrivals({
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
      const known = await knownOf(facts, record)
      const { url, architecture: slot } = resolveImage(record, architecture, { facts: [...known.values()] })
      const proven = known.get(slot ?? '')
      return { url, digest: proven?.given ?? proven?.config ?? record.digest }
    },
    batches: createBatches({ changes, edits, journal, leases: stores.leases, turns: leases, hash, now }),
    assemblies,
    building: createBuilding({ assemblies, changes, rulebook, settle: publishing.settle, now }),
    publishing,
    waiting: createWaiting({ views, journal, assemblies }),
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
    sweep: tarballs && ((options) => sweep({ ...tarballs, inSlot, facts: stores.facts, queue }, options)),
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
