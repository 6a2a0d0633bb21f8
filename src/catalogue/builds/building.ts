import type { Architecture } from '../../domain/architecture.ts'
import { type BuildStatus, withBuild, withExpected, withTest } from '../../domain/build/build-status.ts'
import { isFinal, type JobReport, type JobReportView, type JobWord, jobReportView } from '../../domain/build/job-report.ts'
import type { Expectation } from '../../domain/build/rules.ts'
import { currentUrls } from '../../domain/build/state.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { Cause } from '../../domain/history/entry.ts'
import { checkId } from '../../domain/limits.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import type { Changes, Precondition } from '../records/changes.ts'
import type { BuildStatuses } from './build-statuses.ts'
import type { Publishing } from './publication.ts'
import type { Rulebook } from './rulebook.ts'

export interface ExpectedView extends Omit<Expectation, 'architectures'> {
  container: string
  architectures: readonly Architecture[]
  /** Of what stands beside the container; null while nothing does. */
  revision: string | null
}

export type JobKind = 'build' | 'test'

export interface JobView extends JobReportView {
  container: string
  architecture: Architecture
  /** It is said to go on, but nothing was heard of it for too long. */
  stale: boolean
}

/** What every change says beside what it changes. */
interface Asked {
  id: string
  cause: Cause
  precondition?: Precondition | undefined
  dryRun?: boolean | undefined
}

/** Whom a container shall have, and how its builds and tests stand. All of it may be said before its first image comes. */
export interface Building {
  expected(id: string): Promise<ExpectedView>
  /** Null: as rules and the server's default say. */
  expect(asked: Asked & { architectures: readonly Architecture[] | null }): Promise<ExpectedView & { unchanged: boolean }>
  /** In the table's order. Throws container_unknown where there is neither a container nor anything beside it. */
  jobs(id: string, kind: JobKind): Promise<{ items: JobView[]; revision: string | null }>
  /** Throws job_unknown. */
  job(id: string, which: { kind: JobKind; architecture: Architecture }): Promise<JobView & { revision: string }>
  /** Takes a job's word. `created` where it is the first about this architecture. */
  report(
    asked: Asked & { kind: JobKind; architecture: Architecture; word: JobWord }
  ): Promise<{ job: JobView; created: boolean; unchanged: boolean; revision: string | null }>
}

export interface BuildingParts {
  buildStatuses: BuildStatuses
  changes: Pick<Changes, 'find'>
  rulebook: Rulebook
  /** Images may have waited for a build that brings no other one. */
  settle: Publishing['settle']
  now: () => Date
}

const listOf = ({ builds, tests }: BuildStatus, kind: JobKind) => (kind === 'build' ? builds : tests)
const lists = { build: 'builds', test: 'tests' } as const

export function createBuilding({ buildStatuses, changes, rulebook, settle, now }: BuildingParts): Building {
  function expectedView(
    id: string,
    { buildStatus, revision }: { buildStatus: BuildStatus | undefined; revision: string | null }
  ): ExpectedView {
    return { container: id, ...rulebook.expectedOf(id, buildStatus), revision: revision || null }
  }

  function jobView(id: string, { architecture, report }: { architecture: Architecture; report: JobReport }): JobView {
    const silentMs = now().getTime() - Date.parse(report.reported)
    const stale = !isFinal(report) && silentMs >= rulebook.policiesOf(id).buildTimeoutMs
    return { container: id, architecture, ...jobReportView(architecture, report), stale }
  }

  return {
    async expected(id) {
      const known = await buildStatuses.known(id)
      return expectedView(id, known ?? { buildStatus: undefined, revision: null })
    },

    async expect({ id, architectures, ...circumstances }) {
      checkId(id)
      const { after, unchanged } = await buildStatuses.change(id, {
        ...circumstances,
        kind: 'expected',
        to: (buildStatus, at) => withExpected(buildStatus, { architectures, by: callerOf(circumstances.cause), now: at }),
        told: ({ expected }) => expected?.architectures,
        what: architectures === null ? 'withdrawn' : 'expected',
        summary: architectures === null ? 'expects what rules say' : `expects ${architectures.join(', ') || 'none'}`
      })
      return { ...expectedView(id, after), unchanged }
    },

    async jobs(id, kind) {
      const known = await buildStatuses.known(id)
      if (!known && !(await changes.find(id))) throw new CatalogueError('container_unknown', `container not found: ${id}`)
      const reports = known ? [...listOf(known.buildStatus, kind)] : []
      return { items: reports.map(([architecture, report]) => jobView(id, { architecture, report })), revision: known?.revision ?? null }
    },

    async job(id, { kind, architecture }) {
      const known = await buildStatuses.known(id)
      const reports = known && listOf(known.buildStatus, kind)
      const report = reports?.get(architecture)
      if (report) return { ...jobView(id, { architecture, report }), revision: known!.revision }
      throw new CatalogueError('job_unknown', `nobody has reported a ${kind} of ${id} for ${architecture}`, {
        details: { available: [...(reports?.keys() ?? [])] }
      })
    },

    async report({ id, kind, architecture, word, ...circumstances }) {
      checkId(id)
      const kept = { ...word, reason: word.reason && maskSecrets(word.reason), log: word.log && maskSecrets(word.log) }
      const reducer = kind === 'build' ? withBuild : withTest
      const known = await changes.find(id)
      const image = known && currentUrls(known.record).get(architecture)
      const { before, after, unchanged } = await buildStatuses.change(id, {
        ...circumstances,
        kind,
        architecture,
        to: (buildStatus, at) => reducer(buildStatus, { architecture, word: kept, image, now: at }),
        told: (buildStatus) => meaningOf(architecture, listOf(buildStatus, kind).get(architecture)),
        what: word.status,
        summary: `the ${kind} ${kind === 'build' ? 'for' : 'on'} ${architecture} is ${word.status}${kept.reason ? `: ${kept.reason}` : ''}`
      })
      const ended = kind === 'build' && word.status === 'succeeded'
      if (ended && after.buildStatus.pending.size > 0 && !circumstances.dryRun) await settle(id, circumstances.cause)
      const report = after.buildStatus[lists[kind]].get(architecture)!
      const created = before?.buildStatus[lists[kind]].has(architecture) !== true
      return { job: jobView(id, { architecture, report }), created, unchanged, revision: after.revision || null }
    }
  }
}

/** Without the times at which we heard: a sign of life is no news. */
function meaningOf(architecture: Architecture, report: JobReport | undefined) {
  if (!report) return undefined
  const { reported: _, begun: __, ...meaning } = jobReportView(architecture, report)
  return meaning
}

const callerOf = ({ agent, address, face }: Cause): string => [agent ?? face, ...(address ? [`from ${address}`] : [])].join(' ')
