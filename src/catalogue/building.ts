import type { Architecture } from '../domain/architecture.ts'
import { type Assembly, withBuild, withExpected, withTest } from '../domain/assembly.ts'
import type { Cause } from '../domain/entry.ts'
import { CatalogueError } from '../domain/errors.ts'
import { isFinal, type JobReport, type JobReportView, type JobWord, jobReportView } from '../domain/job-report.ts'
import { checkId } from '../domain/limits.ts'
import type { Expectation } from '../domain/rules.ts'
import { maskSecrets } from '../domain/secrets.ts'
import { standingUrls } from '../domain/state.ts'
import type { Assemblies } from './assemblies.ts'
import type { Changes, Precondition } from './changes.ts'
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
  assemblies: Assemblies
  changes: Pick<Changes, 'find'>
  rulebook: Rulebook
  /** Images may have waited for a build that brings no other one. */
  settle: Publishing['settle']
  now: () => Date
}

const listOf = ({ builds, tests }: Assembly, kind: JobKind) => (kind === 'build' ? builds : tests)
const lists = { build: 'builds', test: 'tests' } as const

export function createBuilding({ assemblies, changes, rulebook, settle, now }: BuildingParts): Building {
  function expectedView(id: string, { assembly, revision }: { assembly: Assembly | undefined; revision: string | null }): ExpectedView {
    return { container: id, ...rulebook.expectedOf(id, assembly), revision: revision || null }
  }

  function jobView(id: string, { architecture, report }: { architecture: Architecture; report: JobReport }): JobView {
    const silentMs = now().getTime() - Date.parse(report.reported)
    const stale = !isFinal(report) && silentMs >= rulebook.policiesOf(id).buildTimeoutMs
    return { container: id, architecture, ...jobReportView(architecture, report), stale }
  }

  return {
    async expected(id) {
      const known = await assemblies.known(id)
      return expectedView(id, known ?? { assembly: undefined, revision: null })
    },

    async expect({ id, architectures, ...circumstances }) {
      checkId(id)
      const { after, unchanged } = await assemblies.change(id, {
        ...circumstances,
        kind: 'expected',
        to: (assembly, at) => withExpected(assembly, { architectures, by: callerOf(circumstances.cause), now: at }),
        told: ({ expected }) => expected?.architectures,
        what: architectures === null ? 'withdrawn' : 'expected',
        summary: architectures === null ? 'expects what rules say' : `expects ${architectures.join(', ') || 'none'}`
      })
      return { ...expectedView(id, after), unchanged }
    },

    async jobs(id, kind) {
      const known = await assemblies.known(id)
      if (!known && !(await changes.find(id))) throw new CatalogueError('container_unknown', `container not found: ${id}`)
      const reports = known ? [...listOf(known.assembly, kind)] : []
      return { items: reports.map(([architecture, report]) => jobView(id, { architecture, report })), revision: known?.revision ?? null }
    },

    async job(id, { kind, architecture }) {
      const known = await assemblies.known(id)
      const reports = known && listOf(known.assembly, kind)
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
      const image = known && standingUrls(known.record).get(architecture)
      const { before, after, unchanged } = await assemblies.change(id, {
        ...circumstances,
        kind,
        architecture,
        to: (assembly, at) => reducer(assembly, { architecture, word: kept, image, now: at }),
        told: (assembly) => meaningOf(architecture, listOf(assembly, kind).get(architecture)),
        what: word.status,
        summary: `the ${kind} ${kind === 'build' ? 'for' : 'on'} ${architecture} is ${word.status}${kept.reason ? `: ${kept.reason}` : ''}`
      })
      const ended = kind === 'build' && word.status === 'succeeded'
      if (ended && after.assembly.pending.size > 0 && !circumstances.dryRun) await settle(id, circumstances.cause)
      const report = after.assembly[lists[kind]].get(architecture)!
      const created = before?.assembly[lists[kind]].has(architecture) !== true
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
