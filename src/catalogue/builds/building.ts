import type { Architecture } from '../../domain/architecture.ts'
import { type BuildStatus, withBuild, withExpected, withPublish, withTest } from '../../domain/build/build-status.ts'
import { isFinal, type JobReport, jobReportView, type SentWord } from '../../domain/build/job-report.ts'
import type { EffectiveExpectation, Publish } from '../../domain/build/rules.ts'
import { currentUrls } from '../../domain/build/state.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { Cause } from '../../domain/history/entry.ts'
import { checkId } from '../../domain/limits.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import type { Job } from '../../schemas.ts'
import type { BuildStatusChange, BuildStatusChanged, StoredBuildStatus } from './build-statuses.ts'
import type { Containerfiles } from './containerfiles.ts'
import type { ImmutableVersions } from './immutable-versions.ts'
import type { BuildsContext } from './parts.ts'
import type { Publishing } from './publication.ts'

export interface ExpectedView extends EffectiveExpectation {
  container: string
  publish: Publish
  /** Of the build status; null while there is none. */
  revision: string | null
}

export type JobKind = 'build' | 'test'

/** The fields that every change of a build status has in common. */
interface BuildStatusRequest extends Pick<BuildStatusChange, 'cause' | 'precondition' | 'dryRun'> {
  id: string
}

interface JobReportRequest extends BuildStatusRequest {
  kind: JobKind
  architecture: Architecture
  word: SentWord
}

interface JobReported {
  job: Job
  /** Whether this is the first report about this architecture. */
  created: boolean
  unchanged: boolean
  revision: string | null
}

/** The architectures that a container should have, and its builds and tests; both may be set before the first image arrives. */
export interface Building {
  expected(id: string): Promise<ExpectedView>
  /** Null leaves it to the rules and the server's default. */
  expect(request: BuildStatusRequest & { architectures: readonly Architecture[] | null }): Promise<ExpectedView & { unchanged: boolean }>
  /** Sets when the images of this one container are published, and publishes those that the new policy allows. Null as above. */
  setPolicy(request: BuildStatusRequest & { publish: Publish | null }): Promise<{ unchanged: boolean }>
  /** Returns the jobs in the table's order. Throws container_unknown where there is neither a container nor a build status. */
  jobs(id: string, kind: JobKind): Promise<{ items: Job[]; revision: string | null }>
  /** Returns one job. Throws job_unknown. */
  job(id: string, which: { kind: JobKind; architecture: Architecture }): Promise<Job & { revision: string }>
  report(request: JobReportRequest): Promise<JobReported>
}

interface BuildingContext extends BuildsContext {
  publishing: Publishing
  immutableVersions: ImmutableVersions
  containerfiles: Pick<Containerfiles, 'take'>
}

const lists = { build: 'builds', test: 'tests' } as const
const reportsOf = (buildStatus: BuildStatus, kind: JobKind) => buildStatus[lists[kind]]

export function createBuilding(parts: BuildingContext): Building {
  const { buildStatuses, changes } = parts
  return {
    async expected(id) {
      return expectedView(parts, id, await buildStatuses.findStored(id))
    },

    async expect({ id, architectures, ...change }) {
      checkId(id)
      const { after, unchanged } = await changeExpected(parts, id, {
        ...change,
        kind: 'expected',
        to: (buildStatus, at) => withExpected(buildStatus, { architectures, by: callerOf(change.cause), now: at }),
        journaled: ({ expected }) => expected?.architectures,
        what: architectures === null ? 'withdrawn' : 'expected',
        summary: architectures === null ? 'expects what the rules say' : `expects ${architectures.join(', ') || 'none'}`
      })
      return { ...expectedView(parts, id, after), unchanged }
    },

    async setPolicy({ id, publish, ...change }) {
      checkId(id)
      const { after, unchanged } = await changeExpected(parts, id, {
        ...change,
        kind: 'expected',
        to: (buildStatus, now) => withPublish(buildStatus, { publish, now }),
        journaled: (buildStatus) => buildStatus.publish,
        what: 'policy',
        summary: publish === null ? 'publishes images as the rules say' : `publishes images by the policy ${publish}`
      })
      if (!unchanged && after.buildStatus.pending.size > 0 && !change.dryRun) await parts.publishing.publishPending(id, change.cause)
      return { unchanged }
    },

    async jobs(id, kind) {
      const stored = await buildStatuses.findStored(id)
      if (!stored && !(await changes.find(id))) throw new CatalogueError('container_unknown', `container not found: ${id}`)
      const reports = stored ? [...reportsOf(stored.buildStatus, kind)] : []
      const items = reports.map((reported) => jobView(parts, id, reported))
      return { items, revision: stored?.revision ?? null }
    },

    async job(id, { kind, architecture }) {
      const stored = await buildStatuses.findStored(id)
      const reports = stored && reportsOf(stored.buildStatus, kind)
      const report = reports?.get(architecture)
      if (report) return { ...jobView(parts, id, [architecture, report]), revision: stored!.revision }
      const details = { available: [...(reports?.keys() ?? [])] }
      throw new CatalogueError('job_unknown', `no ${kind} of ${id} has been reported for ${architecture}`, { details })
    },

    report: (request) => takeReport(parts, request)
  }
}

/** Throws version_immutable when a rule forbids the change. */
async function changeExpected(parts: BuildingContext, id: string, change: BuildStatusChange): Promise<BuildStatusChanged> {
  const { buildStatuses, siteRules, immutableVersions } = parts
  if (siteRules.isImmutable(id) && !(await buildStatuses.change(id, { ...change, dryRun: true })).unchanged) {
    await immutableVersions.checkExpected(id)
  }
  return buildStatuses.change(id, change)
}

async function takeReport(parts: BuildingContext, request: JobReportRequest): Promise<JobReported> {
  const { id, kind, architecture, word: sent, ...change } = request
  checkId(id)
  const word = await parts.containerfiles.take(sent, request)
  const kept = { ...word, reason: word.reason && maskSecrets(word.reason), log: word.log && maskSecrets(word.log) }
  const withReport = kind === 'build' ? withBuild : withTest
  const stored = await parts.changes.find(id)
  const image = stored && currentUrls(stored.record).get(architecture)
  const { before, after, unchanged } = await parts.buildStatuses.change(id, {
    ...change,
    kind,
    architecture,
    to: (buildStatus, at) => withReport(buildStatus, { architecture, word: kept, image, now: at }),
    journaled: (buildStatus) => meaningOf(architecture, reportsOf(buildStatus, kind).get(architecture)),
    what: word.status,
    summary: `the ${kind} ${kind === 'build' ? 'for' : 'on'} ${architecture} is ${word.status}${kept.reason ? `: ${kept.reason}` : ''}`
  })
  const built = kind === 'build' && word.status === 'succeeded'
  if (built && after.buildStatus.pending.size > 0 && !change.dryRun) await parts.publishing.publishPending(id, change.cause)
  const report = reportsOf(after.buildStatus, kind).get(architecture)!
  const created = !before || !reportsOf(before.buildStatus, kind).has(architecture)
  return { job: jobView(parts, id, [architecture, report]), created, unchanged, revision: after.revision || null }
}

function expectedView({ siteRules }: BuildingContext, id: string, stored: StoredBuildStatus | undefined): ExpectedView {
  const { publish } = siteRules.policiesOf(id, stored?.buildStatus)
  return { container: id, ...siteRules.expectedOf(id, stored?.buildStatus), publish, revision: stored?.revision || null }
}

function jobView({ siteRules, now }: BuildingContext, id: string, [architecture, report]: [Architecture, JobReport]): Job {
  const silentMs = now().getTime() - Date.parse(report.reported)
  const stale = !isFinal(report) && silentMs >= siteRules.policiesOf(id).buildTimeoutMs
  return { container: id, architecture, ...jobReportView(architecture, report), stale }
}

/** Returns a report without the times at which it was received: a sign of life is not worth a journal entry. */
function meaningOf(architecture: Architecture, report: JobReport | undefined) {
  if (!report) return undefined
  const { reported: _, begun: __, ...meaning } = jobReportView(architecture, report)
  return meaning
}

const callerOf = ({ identity, agent, address, face }: Cause): string =>
  [identity ?? agent ?? face, ...(address ? [`from ${address}`] : [])].join(' ')
