import type { Architecture } from '../domain/architecture.ts'
import type { Rule } from '../domain/build/rules.ts'
import { requestedArchitecture, resolveImage } from '../domain/container/resolution.ts'
import type { Hash } from '../domain/image/facts.ts'
import { type Inspect, inspectImage } from '../images/inspect-image.ts'
import type { Stores } from '../stores/document-store.ts'
import { type Builds, createBuilds } from './builds/builds.ts'
import { type ContainerCatalogue, createContainerCatalogue } from './containers/container-catalogue.ts'
import { createHistory, type History, type HistorySettings } from './history/history.ts'
import { createImageCatalogue, type ImageCatalogue } from './images/image-catalogue.ts'
import { createJobs } from './jobs/jobs.ts'
import { createLists, type Lists } from './lists/lists.ts'
import type { Views } from './lists/views.ts'
import { createRecords } from './records/records.ts'
import type { Removals } from './tarballs/removals.ts'
import { createTarballs, type TarballSettings, type Upkeep } from './tarballs/tarballs.ts'
import type { FileEvents } from './verification/file-events.ts'
import { currentFacts } from './verification/image-facts.ts'
import type { ImageSweep } from './verification/url-sweep.ts'
import { createVerification, type VerificationSettings } from './verification/verification.ts'
import type { Verifier } from './verification/verifier.ts'

/** Everything that the faces may ask for. What is about tarballs is undefined where there is no store for them. */
export interface Catalogue extends ContainerCatalogue, Omit<Builds, 'siteRules'>, Partial<ImageCatalogue>, Lists, History {
  verification: Verifier | undefined
  /** Hears of tarballs that are stored and removed by their paths. */
  arrivals: FileEvents | undefined
  /** Checks again the images that were checked longest ago. */
  sweep: ImageSweep | undefined
  /** Returns the image that a container has for an architecture. Throws container_unknown, image_missing, image_mislabelled, image_gone. */
  imageOf: (id: string, architecture: string) => Promise<{ url: string; digest: string | undefined }>
  view: Views['of']
  hash: Hash
  upkeep: Upkeep | undefined
  /** Removes tarballs that no container names any more. */
  removals: Removals | undefined
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
  const now = settings?.now ?? (() => new Date())
  const addresses = settings?.addresses ?? (() => [])
  const { queue, leases } = createJobs({ stores, hash, now, taskLeaseMs: settings?.leaseMs })
  const { facts, verifier, ...verification } = createVerification({ stores, hash, now, queue, settings, onFailure })
  const tarballs = settings && createTarballs({ stores, facts, queue, now, settings })
  const { removals, upkeep, statuses } = tarballs ?? {}
  const shared = { guarded, facts, hash, now, onAppendFailed, onFailure }
  const records = createRecords(stores, shared)
  if (removals) records.changes.onWrite(removals.changed)
  const releaseTarballs = async (id: string, urls: readonly string[]) => removals?.releaseTarballs(id, urls) ?? []
  const { siteRules, ...builds } = createBuilds(stores, {
    ...{ ...shared, ...records, rules, expected, verification: verifier, addresses },
    ...{ keep: removals?.keep, releaseTarballs }
  })
  const lists = createLists({
    ...{ ...shared, ...records, ...builds, stores, leases, verifier, addresses, graceMs },
    ...{ rules: siteRules, configuration: JSON.stringify([rules, expected]) }
  })
  const { views } = lists
  const history = createHistory({ ...shared, ...records, stores, leases, verifier, view: views.of, tarballs: statuses, settings: options })
  const containers = createContainerCatalogue(stores, {
    ...{ ...shared, ...records, ...builds, add, verification: verifier, batchLeases: leases },
    ...{ requireProof: verification.requireProof, preparedSpec: fillSpecs ? builds.planning.filled : undefined }
  })
  const images =
    settings &&
    verifier &&
    createImageCatalogue({ ...settings, ...records, ...builds, facts, verification: verifier, views, releaseTarballs })
  return {
    ...containers,
    ...builds,
    ...images,
    ...lists,
    ...history,
    verification: verifier,
    arrivals: verification.fileEvents,
    sweep: verification.sweep,
    async imageOf(id, architecture) {
      const { record } = await records.changes.read(id)
      const current = await currentFacts(facts, record)
      const { url, architecture: imageKey } = resolveImage(record, requestedArchitecture(architecture), { facts: [...current.values()] })
      const proven = current.get(imageKey ?? '')
      return { url, digest: proven?.given ?? proven?.config ?? record.digest }
    },
    view: views.of,
    hash,
    upkeep,
    removals
  }
}
