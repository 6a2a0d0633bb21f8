import { parseArchitecture } from '../../src/domain/architecture.ts'
import {
  type BuildStatus,
  emptyBuildStatus,
  withBuild,
  withExpected,
  withImageUpdate,
  withPending,
  withTest
} from '../../src/domain/build/build-status.ts'
import { parseJobWord } from '../../src/domain/build/job-report.ts'

/** A moment of the day of these tests: `at(90)` is half past one. */
export const at = (minutes: number): string => new Date(Date.UTC(2026, 0, 2, 0, minutes)).toISOString()

/** What happened to a container, one line an event: minutes, what, and what is said of it. */
export type Happening =
  | [minutes: number, what: 'expected', architectures: string[] | null]
  | [minutes: number, what: 'build' | 'test', architecture: string, word: object, image?: string | undefined]
  | [minutes: number, what: 'image', architecture: string, url: string | null]
  | [minutes: number, what: 'pending', architecture: string, url: string]

/** The assembly of `hello:1` after all that. */
export function afterAll(...happenings: Happening[]): BuildStatus {
  let buildStatus = emptyBuildStatus('hello:1', at(0))
  for (const happening of happenings) buildStatus = after(buildStatus, happening)
  return buildStatus
}

export function after(buildStatus: BuildStatus, happening: Happening): BuildStatus {
  const now = at(happening[0])
  if (happening[1] === 'expected') {
    return withExpected(buildStatus, { architectures: happening[2]?.map(parseArchitecture) ?? null, by: 'container', now })
  }
  const architecture = parseArchitecture(happening[2])
  if (happening[1] === 'image')
    return withImageUpdate(buildStatus, {
      architecture,
      url: happening[3],
      isNew: buildStatus.arrivals.get(architecture)?.url !== happening[3],
      now
    })
  if (happening[1] === 'pending') {
    return withPending(buildStatus, { architecture, url: happening[3], digest: null, version: null, now, pendingMs: 3_600_000 })
  }
  const reducer = happening[1] === 'build' ? withBuild : withTest
  return reducer(buildStatus, { architecture, word: parseJobWord(happening[3]), image: happening[4], now })
}
