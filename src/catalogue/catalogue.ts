import type { Architecture } from '../domain/architecture.ts'
import type { ManifestListFormat } from '../domain/build/manifest-list.ts'
import type { Rule } from '../domain/build/rules.ts'
import { requestedArchitecture, resolveImage } from '../domain/container/resolution.ts'
import type { Hash } from '../domain/image/facts.ts'
import { type Inspect, inspectImage } from '../images/inspect-image.ts'
import type { ManifestList } from '../schemas.ts'
import type { Stores } from '../stores/document-store.ts'
import { type Builds, createBuilds } from './builds/builds.ts'
import { createSiteRules } from './builds/site-rules.ts'
import { type ContainerCatalogue, type ContainerCatalogueParts, createContainerCatalogue } from './containers/container-catalogue.ts'
import { createHistory, type History } from './history/history.ts'
import type { HistorySettings } from './history/parts.ts'
import { createImages, type Images } from './images/images.ts'
import { createLayoutDownload, type DownloadLayout } from './images/layout-download.ts'
import { createResumableUploads, type ResumableUploads } from './images/resumable-uploads.ts'
import { createLeases } from './jobs/leases.ts'
import { createTaskQueue } from './jobs/task-queue.ts'
import { createLists, type Lists } from './lists/lists.ts'
import { createOci, createOciStorage, type Oci, type OciSettings } from './oci/oci.ts'
import type { Changes } from './records/changes.ts'
import { createRecords } from './records/records.ts'
import { createReleases, type Releases } from './releases/releases.ts'
import { createTarballs, type TarballSettings, type Tarballs } from './tarballs/tarballs.ts'
import { currentFacts, type FactsStore } from './verification/image-facts.ts'
import type { VerificationSettings } from './verification/parts.ts'
import { createReadings } from './verification/readings.ts'
import { createVerification, type Verification } from './verification/verification.ts'

/** Everything that the faces may ask for. What is about tarballs is absent where there is no store for them. */
export interface Catalogue
  extends ContainerCatalogue,
    Builds,
    Lists,
    Partial<Tarballs>,
    Omit<Verification, 'facts' | 'requireProof' | 'listReadings'>,
    History,
    Releases {
  images?: Images
  /** All images of a container in one file. */
  layout?: DownloadLayout
  /** Tarballs that arrive in pieces. */
  uploads?: ResumableUploads
  /** What registry clients pull and push; absent where there is no store for tarballs. */
  oci?: Oci
  /** Returns a container as the list that registry clients get. Throws container_unknown. */
  manifestList(id: string, format: ManifestListFormat): Promise<ManifestList>
  /** Returns the image that a container has for an architecture. Throws what resolving it throws. */
  imageOf(id: string, architecture: string): Promise<{ url: string; digest: string | undefined }>
  hash: Hash
}

/** What the rooms that keep, read and remove tarballs need. */
export interface TarballParts extends Omit<VerificationSettings, 'inspect' | 'readings'>, Omit<TarballSettings, 'inspect' | 'readings'> {
  now: () => Date
  /** How images are read; a wrapper may measure it. */
  inspect?: Inspect
}

interface CatalogueOptions extends HistorySettings {
  guarded: readonly Architecture[]
  /** The architectures that a container is to have where neither itself nor a rule says so; default none. */
  expected?: readonly Architecture[]
  rules?: readonly Rule[]
  /** What container/add does to a record that exists, unless the request says; default replace. */
  add?: 'replace' | 'merge'
  hash: Hash
  tarballs?: TarballParts | undefined
  /** A change was stored, but the journal could not take its entry. */
  onAppendFailed: (error: unknown, id: string) => void
  /** Work behind the requests failed unexpectedly; default onAppendFailed. */
  onFailure?: (error: unknown, what: string) => void
  /** Fill container_image_urls of job specifications from the catalogue. */
  fillSpecs?: boolean
  /** Reads a job specification, or a hysds-io, off the event loop if it is large; default on it. */
  readSpec?: ContainerCatalogueParts['readSpec']
  /** How what was pushed is pulled. */
  oci?: OciSettings
  /** How long an entry may take to reach the journal before its change counts as another program's. */
  appendGraceMs?: number
}

const leaseMs = 60_000

/** Joins the rooms: each may use those before it, and none knows of those after it. */
export function createCatalogue(stores: Stores, options: CatalogueOptions): Catalogue {
  const { guarded, expected = [], rules = [], add = 'replace', hash, onAppendFailed, onFailure = onAppendFailed } = options
  const storage =
    options.tarballs &&
    createOciStorage({ stores, hash, now: options.tarballs.now, blobs: options.tarballs.blobs, sources: options.tarballs.sources })
  const settings = options.tarballs &&
    storage && { inspect: inspectImage, readings: createReadings(options.tarballs), ...options.tarballs, blobs: storage.blobs }
  const { now = () => new Date(), addresses = () => [] } = settings ?? {}
  const base = { stores, guarded, hash, now, addresses, onAppendFailed, onFailure }

  const queue = createTaskQueue(stores.tasks, { hash, now, leaseMs: settings?.leaseMs ?? leaseMs })
  const leases = createLeases(stores.leases, { now, leaseMs })
  const { facts, requireProof, listReadings = async () => [], ...verification } = createVerification({ ...base, queue, settings })
  const { verifier } = verification
  const tarballs = settings && createTarballs({ ...base, facts, queue, settings })
  const removals = tarballs?.removals
  const records = createRecords({ ...base, facts, onWrite: removals?.changed })
  const siteRules = createSiteRules({ rules, expected })
  const known = { ...base, ...records, facts, siteRules, leases, verifier, listReadings, removals }
  const builds = createBuilds(known)
  const built = { ...known, ...builds, graceMs: options.appendGraceMs ?? 5000 }
  const lists = createLists(built)
  const preparedSpec = options.fillSpecs ? builds.planning.filled : undefined
  const containers = createContainerCatalogue({ ...built, add, requireProof, preparedSpec, readSpec: options.readSpec })
  const imageParts = settings && verifier && removals && { ...built, ...settings, verifier, removals, views: lists.views }
  const images = imageParts && {
    images: createImages(imageParts),
    layout: createLayoutDownload(imageParts),
    uploads: createResumableUploads(imageParts)
  }
  const oci = imageParts && storage && createOci({ ...imageParts, ...storage, ...containers, times: timesOf(settings) }, options.oci)
  const history = createHistory({ ...built, view: lists.views.of, tarballs: tarballs?.statuses, settings: options })
  return {
    ...containers,
    ...builds,
    ...lists,
    ...images,
    ...tarballs,
    ...verification,
    ...history,
    ...createReleases({ ...built, ...lists, ...containers, statuses: tarballs?.statuses }),
    ...(oci && { oci }),
    manifestList: async (id, format) => builds.planning.manifest(id, { format, pushed: await oci?.pushed(id) }),
    imageOf: imageOf(records.changes, facts),
    hash
  }
}

/** Pushes take hours; a client that finds a blob does not send it again. */
const blobMs = 24 * 3_600_000
const timesOf = ({ removal, uploadExpiryMs = blobMs }: TarballParts) => ({ graceMs: removal.graceMs, blobMs, uploadMs: uploadExpiryMs })

const imageOf = (changes: Changes, facts: FactsStore) => async (id: string, architecture: string) => {
  const { record } = await changes.read(id)
  const current = await currentFacts(facts, record)
  const { url, architecture: imageKey } = resolveImage(record, requestedArchitecture(architecture), { facts: [...current.values()] })
  const proven = current.get(imageKey ?? '')
  return { url, digest: proven?.given ?? proven?.config ?? record.digest }
}
