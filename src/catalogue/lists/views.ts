import type { Architecture } from '../../domain/architecture.ts'
import { currentImages, type StateAnswer, stateOf } from '../../domain/build/state.ts'
import { type ContainerRecord, emptyRecord } from '../../domain/container/document.ts'
import { fingerprintOf } from '../../domain/container/fingerprint.ts'
import type { JournalEntry } from '../../domain/history/entry.ts'
import { type Facts, pendingKey } from '../../domain/image/facts.ts'
import { fromSummaryDocument, type StoredSummary } from '../../domain/lists/summary.ts'
import { currentFacts } from '../verification/image-facts.ts'
import { type ContainerFacts, type ContainerView, containerView } from './image-views.ts'
import type { ListsParts } from './parts.ts'

/** Builds the API's views of containers. Only here are records, facts, build statuses and rules combined. */
export interface Views {
  of(container: ViewedRecord, read?: AlreadyRead): Promise<ContainerView>
  /** Reads the facts and the build status of a record, and returns them with the resulting status. `learnt` replaces the stored facts. */
  gather(record: ContainerRecord, learnt?: Facts): Promise<Gathered>
  /** Returns the view of a container with a record, or with builds or pending images before its first; expected architectures are not enough. */
  find(id: string): Promise<ContainerView | undefined>
  /** Returns the status of a container that has no record yet; undefined when nothing is known about it. */
  coming(id: string): Promise<ComingContainer | undefined>
  /** Returns the status of a container, even if nothing is known about it yet. `awaited` counts as expected, whatever the rules say. */
  status(id: string, awaited?: Architecture): Promise<ContainerStatus>
}

interface ViewedRecord {
  record: ContainerRecord
  /** Null where there is no record yet; '' in a dry run that would create it. */
  revision: string | null
}

/** Values that the caller has read already. */
interface AlreadyRead {
  gathered?: Gathered | Promise<Gathered>
  summary?: StoredSummary | undefined
}

export interface ContainerStatus extends StateAnswer {
  id: string
  expected: readonly Architecture[]
  /** The architectures that have an image. */
  architectures: readonly Architecture[]
  revision: string | null
}

export interface Gathered extends ContainerFacts {
  /** How long a build may go without a report. */
  buildTimeoutMs: number
}

/** The builds, tests and pending images of a container that has no record yet. */
interface ComingContainer extends ViewedRecord {
  revision: null
  gathered: Gathered
  created: string
}

export const createViews = (parts: ListsParts): Views => ({
  of: (container, read) => viewOf(parts, container, read),
  gather: (record, learnt) => gather(parts, record, learnt),
  coming: (id) => findComing(parts, id),

  async find(id) {
    const stored = await parts.changes.find(id)
    if (stored) return viewOf(parts, stored)
    const coming = await findComing(parts, id)
    return coming && viewOf(parts, coming, coming)
  },

  async status(id, awaited) {
    const { record, revision } = (await parts.changes.find(id)) ?? { record: emptyRecord(id), revision: null }
    const gathered = await gather(parts, record)
    const expected = gathered.expected.architectures
    const status =
      awaited === undefined || expected.includes(awaited)
        ? gathered.status
        : stateOf({
            record,
            ...gathered,
            expected: { architectures: [...expected, awaited], since: null },
            publish: parts.siteRules.policiesOf(id, gathered.buildStatus).publish,
            now: parts.now().toISOString()
          })
    return { id, ...status, expected, architectures: [...currentImages(record, gathered.facts).keys()], revision }
  }
})

/** The most entries that are read to find out when a record was created. */
const maxSteps = 4

async function gather(parts: ListsParts, record: ContainerRecord, learnt?: Facts): Promise<Gathered> {
  const { buildStatuses, siteRules, now } = parts
  const [facts, buildStatus] = await Promise.all([currentFacts(parts.facts, record), buildStatuses.find(record.id)])
  const pending = [...(buildStatus?.pending.keys() ?? [])].map(pendingKey)
  for (const one of pending.length > 0 ? await parts.facts.read(record.id, pending) : []) facts.set(one.imageKey, one)
  if (learnt) facts.set(learnt.imageKey, learnt)
  const expected = siteRules.expectedOf(record.id, buildStatus)
  const { publish, buildTimeoutMs } = siteRules.policiesOf(record.id, buildStatus)
  const status = stateOf({ record, facts, buildStatus, expected, publish, buildTimeoutMs, now: now().toISOString() })
  return { facts, buildStatus, expected, buildTimeoutMs, status }
}

async function viewOf(parts: ListsParts, container: ViewedRecord, read: AlreadyRead | undefined = {}): Promise<ContainerView> {
  const { record } = container
  const revision = container.revision || null
  const { gathered = gather(parts, record), summary } = read
  const reading = revision === null ? undefined : timesOf(parts, { id: record.id, revision }, summary)
  const [known, times, underWay] = await Promise.all([gathered, reading, parts.listReadings()])
  const { buildStatus } = known
  const updated = [times?.updated, buildStatus?.updated].filter((time) => typeof time === 'string').sort()
  return containerView(record, {
    ...known,
    readings: underWay.filter(({ container }) => container === record.id),
    revision,
    fingerprint: revision === null ? null : fingerprintOf(record, parts.hash),
    created: times ? times.created : (buildStatus?.created ?? null),
    updated: updated.at(-1) ?? null
  })
}

/** Returns a record's times from its summary if that is current, else from the journal, which keeps entries for a limited time. */
async function timesOf({ stores, journal }: ListsParts, { id, revision }: Record<'id' | 'revision', string>, given?: StoredSummary) {
  if (given && isAbout(given, revision)) return given
  const [stored, entry] = await Promise.all([stores.summaries.get(id), journal.ofRevision(id, revision)])
  const found = stored && fromSummaryDocument(stored.document)
  if (found && isAbout(found, revision)) return found
  // a summary without a record has no times of the record
  const summary = found?.revision === '' ? undefined : found
  return { created: summary?.created ?? (await createdBy(journal, id, entry)), updated: entry?.at ?? summary?.updated ?? null }
}

async function createdBy(journal: ListsParts['journal'], id: string, last: JournalEntry | undefined): Promise<string | null> {
  let entry = last
  for (let steps = 0; entry && steps < maxSteps; steps++) {
    if (entry.previous === null) return entry.at
    entry = await journal.ofRevision(id, entry.previous)
  }
  return null
}

async function findComing(parts: ListsParts, id: string): Promise<ComingContainer | undefined> {
  const buildStatus = await parts.buildStatuses.find(id)
  if (!buildStatus || buildStatus.builds.size + buildStatus.tests.size + buildStatus.pending.size === 0) return undefined
  const record = emptyRecord(id)
  return { record, revision: null, gathered: await gather(parts, record), created: buildStatus.created }
}

/** Returns whether a summary was made from this revision, and no change is suspected to lack its entry. */
const isAbout = (summary: StoredSummary, revision: string): boolean => summary.revision === revision && summary.suspect === null
