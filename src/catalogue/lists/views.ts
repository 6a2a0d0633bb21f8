import type { Architecture } from '../../domain/architecture.ts'
import { currentImages, type StateAnswer, stateOf } from '../../domain/build/state.ts'
import type { ContainerRecord } from '../../domain/container/document.ts'
import { fromDocument } from '../../domain/container/document.ts'
import { fingerprintOf } from '../../domain/container/fingerprint.ts'
import { type Facts, type Hash, pendingKey } from '../../domain/image/facts.ts'
import { fromSummaryDocument, type StoredSummary } from '../../domain/lists/summary.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import type { BuildStatuses } from '../builds/build-statuses.ts'
import type { Rulebook } from '../builds/rulebook.ts'
import type { Changes } from '../records/changes.ts'
import type { Journal } from '../records/journal.ts'
import { currentFacts, type FactsStore } from '../verification/image-facts.ts'
import { type ContainerView, containerView, type Gathered } from './image-views.ts'

/** Containers with all that is known of them: the one place where records, facts, assemblies and rules come together. */
export interface Views {
  of(known: { record: ContainerRecord; revision: string | null }, beside?: Beside): Promise<ContainerView>
  /** What is known beside a record, and where that puts it; or would, if this were known. */
  gather(record: ContainerRecord, learnt?: Facts): Promise<Gathering>
  /**
   * Of whatever stands there: a record, or images and builds of one that is still to come. Undefined where there is neither; an
   * expectation alone makes no container.
   */
  find(id: string): Promise<ContainerView | undefined>
  /** The same of one that is still to come, before it is a view. */
  underWay(id: string): Promise<UnderWay | undefined>
  /** Where a container stands; also of one of which nothing is known yet. `awaited` counts as expected, whatever was said of it. */
  state(id: string, awaited?: Architecture): Promise<ContainerStatus>
}

/** What was read already, and need not be read again. */
export interface Beside {
  gathered?: Gathering | Promise<Gathering>
  row?: StoredSummary | undefined
}

export interface ContainerStatus extends StateAnswer {
  id: string
  expected: readonly Architecture[]
  /** Those that have an image. */
  architectures: readonly Architecture[]
  revision: string | null
}

export interface Gathering extends Pick<Gathered, 'known' | 'buildStatus' | 'expected' | 'standing'> {
  /** How long a build may be silent. */
  buildTimeoutMs: number
}

/** Builds, tests or waiting images of a container that has no record yet. */
export interface UnderWay {
  record: ContainerRecord
  revision: null
  gathered: Gathering
  created: string
}

export interface ViewsParts {
  changes: Pick<Changes, 'find'>
  facts: FactsStore
  buildStatuses: Pick<BuildStatuses, 'find'>
  journal: Pick<Journal, 'ofRevision'>
  summaries: Pick<DocumentStore, 'get'>
  rulebook: Rulebook
  hash: Hash
  now: () => Date
}

export function createViews({ changes, facts, buildStatuses, journal, summaries, rulebook, hash, now }: ViewsParts): Views {
  async function gather(record: ContainerRecord, learnt?: Facts): Promise<Gathering> {
    const [known, buildStatus] = await Promise.all([currentFacts(facts, record), buildStatuses.find(record.id)])
    const waiting = [...(buildStatus?.pending.keys() ?? [])].map(pendingKey)
    for (const one of waiting.length > 0 ? await facts.read(record.id, waiting) : []) known.set(one.imageKey, one)
    if (learnt) known.set(learnt.imageKey, learnt)
    const expected = rulebook.expectedOf(record.id, buildStatus)
    const { publish, buildTimeoutMs } = rulebook.policiesOf(record.id)
    const at = now().toISOString()
    return {
      known,
      buildStatus,
      expected,
      buildTimeoutMs,
      standing: stateOf({ record, known, buildStatus, expected, publish, buildTimeoutMs, now: at })
    }
  }

  async function of(
    { record, revision: given }: { record: ContainerRecord; revision: string | null },
    { gathered = gather(record), row }: Beside = {}
  ): Promise<ContainerView> {
    // a dry run's is empty where there is no record yet
    const revision = given || null
    const [known, times] = await Promise.all([gathered, revision === null ? undefined : timesOf(record.id, { revision, row })])
    const { buildStatus } = known
    const created = times ? times.created : (buildStatus?.created ?? null)
    const updated =
      [times?.updated, buildStatus?.updated]
        .filter((time) => typeof time === 'string')
        .sort()
        .at(-1) ?? null
    const { buildTimeoutMs: _, ...beside } = known
    return containerView(record, {
      ...beside,
      revision,
      fingerprint: revision === null ? null : fingerprintOf(record, hash),
      created,
      updated
    })
  }

  /** A record's row may lag behind it, or be lost; its entries are written with it, but go back only so far. */
  async function timesOf(id: string, { revision, row: given }: { revision: string; row: StoredSummary | undefined }): Promise<Times> {
    if (given && isAbout(given, revision)) return given
    const [stored, entry] = await Promise.all([summaries.get(id), journal.ofRevision(id, revision)])
    const found = stored && fromSummaryDocument(stored.document)
    if (found && isAbout(found, revision)) return found
    // that of what was still to come tells nothing of the record
    const row = found?.revision === '' ? undefined : found
    return { created: row?.created ?? (await createdBy(id, entry)), updated: entry?.at ?? row?.updated ?? null }
  }

  async function createdBy(id: string, last: Awaited<ReturnType<Journal['ofRevision']>>): Promise<string | null> {
    let entry = last
    for (let steps = 0; entry && steps < maxSteps; steps++) {
      if (entry.previous === null) return entry.at
      entry = await journal.ofRevision(id, entry.previous)
    }
    return null
  }

  async function underWay(id: string): Promise<UnderWay | undefined> {
    const buildStatus = await buildStatuses.find(id)
    if (!buildStatus || buildStatus.builds.size + buildStatus.tests.size + buildStatus.pending.size === 0) return undefined
    const record = nothingOf(id)
    return { record, revision: null, gathered: await gather(record), created: buildStatus.created }
  }

  return {
    of,
    gather,

    underWay,

    async find(id) {
      const known = await changes.find(id)
      if (known) return of(known)
      const coming = await underWay(id)
      return coming && of(coming, coming)
    },

    async state(id, awaited) {
      const { record, revision } = (await changes.find(id)) ?? { record: nothingOf(id), revision: null }
      const gathered = await gather(record)
      const expected = gathered.expected.architectures
      const images = [...currentImages(record, gathered.known).keys()]
      const standing =
        awaited === undefined || expected.includes(awaited)
          ? gathered.standing
          : stateOf({
              record,
              ...gathered,
              expected: { architectures: [...expected, awaited], since: null },
              publish: rulebook.policiesOf(id).publish,
              now: now().toISOString()
            })
      return { id, ...standing, expected, architectures: images, revision }
    }
  }
}

const maxSteps = 4

type Times = Pick<StoredSummary, 'created' | 'updated'>

/** Whether a row was made from this very record, and from its entry. */
const isAbout = (row: StoredSummary, revision: string): boolean => row.revision === revision && row.suspect === null

/** What is known of a container before its first image was published. */
const nothingOf = (id: string): ContainerRecord => fromDocument(id, '{}')
