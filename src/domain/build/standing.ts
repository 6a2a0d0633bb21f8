import { type Architecture, uniqueInTableOrder } from '../architecture.ts'
import { supportsClaim } from '../image/facts.ts'
import type { BuildStatus } from './build-status.ts'
import type { CurrentImage, ReasonCode, StateAnswer } from './state.ts'

/** How one architecture of a container stands, in one word; the worst first. */
export const standings = ['gone', 'wrong', 'failed', 'missing', 'building', 'waiting', 'claimed', 'no-binaries', 'proven'] as const
export type Standing = (typeof standings)[number]

const byReason: Readonly<Record<ReasonCode, Standing>> = {
  gone: 'gone',
  mislabelled: 'wrong',
  mixed: 'wrong',
  unreadable: 'wrong',
  build_failed: 'failed',
  build_stale: 'failed',
  test_failed: 'failed',
  test_stale: 'failed',
  missing: 'missing',
  pending: 'waiting',
  unverified: 'claimed'
}

export interface StandingInput {
  images: ReadonlyMap<Architecture, CurrentImage>
  expected: readonly Architecture[]
  buildStatus: BuildStatus | undefined
  reasons: StateAnswer['reasons']
}

/** Returns a word for each architecture that a container has, waits for or is expected to have; the worst reason counts. */
export function standingsOf(input: StandingInput): Map<Architecture, Standing> {
  const { images, expected, buildStatus } = input
  const jobs = [...(buildStatus?.builds ?? [])].flatMap(([architecture, { status }]) => (status === 'succeeded' ? [] : [architecture]))
  const all = uniqueInTableOrder([...images.keys(), ...expected, ...(buildStatus?.pending.keys() ?? []), ...jobs])
  return new Map(all.map((architecture) => [architecture, standingOf(input, architecture)]))
}

function standingOf({ images, buildStatus, reasons }: StandingInput, architecture: Architecture): Standing {
  const image = images.get(architecture)
  const found = new Set(reasons.flatMap((reason) => (reason.architecture === architecture ? [byReason[reason.code]] : [])))
  const worst = standings.find((standing) => found.has(standing))
  if (worst !== undefined && (worst !== 'missing' || image)) return worst
  if (image) return unquestioned(image)
  if (buildStatus?.pending.has(architecture)) return 'waiting'
  const build = buildStatus?.builds.get(architecture)?.status
  if (build === 'failed') return 'failed'
  return build === 'pending' || build === 'running' ? 'building' : 'missing'
}

/** An image about which the state has nothing to say. */
function unquestioned({ facts }: CurrentImage): Standing {
  if (facts?.verdict === 'match') return 'proven'
  return facts && supportsClaim(facts.verdict) ? 'no-binaries' : 'claimed'
}
