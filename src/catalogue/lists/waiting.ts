import type { Architecture } from '../../domain/architecture.ts'
import { degrades, type Reason, type State } from '../../domain/build/state.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { checkId } from '../../domain/limits.ts'
import type { BuildStatuses } from '../builds/build-statuses.ts'
import type { Journal } from '../records/journal.ts'
import type { ContainerStatus, Views } from './views.ts'

/** What may be waited for; settled: complete, or degraded. */
export const goals = ['complete', 'degraded', 'settled'] as const
export type Goal = (typeof goals)[number]

export interface WaitAsked {
  id: string
  goal: Goal
  /** Only this one matters. */
  architecture?: Architecture | undefined
  withinMs: number
  /** The caller is gone, or the server stops. */
  signal: AbortSignal
}

export interface Waited {
  container: string
  for: Goal
  architecture: Architecture | null
  reached: boolean
  state: State
  expected: readonly Architecture[]
  missing: readonly Architecture[]
  reasons: readonly Reason[]
  revision: string | null
}

export interface Waiting {
  /** Answers when it is so, or when time is up. Throws waiters_exceeded; store_unavailable when the store is away at the end. */
  wait(asked: WaitAsked): Promise<Waited>
}

export interface WaitingParts {
  views: Pick<Views, 'state'>
  journal: Pick<Journal, 'onEntry'>
  buildStatuses: Pick<BuildStatuses, 'onTouched'>
}

const maxWaiters = 256
/** Other replicas are not heard: the store is looked at so often. */
const lookEveryMs = 1000

export function createWaiting({ views, journal, buildStatuses }: WaitingParts): Waiting {
  const waiters = new Map<string, Set<() => void>>()
  let count = 0
  const wake = (id: string) => {
    for (const waiter of waiters.get(id) ?? []) waiter()
  }
  journal.onEntry(({ container }) => wake(container))
  buildStatuses.onTouched(wake)

  async function look({ id, goal, architecture = undefined }: WaitAsked): Promise<Waited> {
    const standing = await views.state(id, architecture)
    const { state, reasons, missing } = architecture === undefined ? standing : onlyOf(standing, architecture)
    const reached = state === goal || (goal === 'settled' && state !== 'partial')
    const { expected, revision } = standing
    return { container: id, for: goal, architecture: architecture ?? null, reached, state, expected, missing, reasons, revision }
  }

  return {
    async wait(asked) {
      const { id, withinMs, signal } = asked
      checkId(id)
      if (count >= maxWaiters) {
        throw new CatalogueError('waiters_exceeded', `${maxWaiters} requests are waiting already; ask for the state itself, or try again`)
      }
      count++
      const deadline = performance.now() + withinMs
      const bell = createBell()
      const mine = waiters.get(id) ?? new Set()
      waiters.set(id, mine.add(bell.ring))
      signal.addEventListener('abort', bell.ring)
      try {
        for (;;) {
          const ends = () => signal.aborted || performance.now() >= deadline
          // who waits for minutes waits for a store, too, that is away for a moment
          const waited = await look(asked).catch((error) => {
            if (ends() || !isCatalogueError(error, 'store_unavailable')) throw error
          })
          if (waited && (waited.reached || ends())) return waited
          await bell.heard(Math.min(Math.max(0, deadline - performance.now()), lookEveryMs))
        }
      } finally {
        count--
        signal.removeEventListener('abort', bell.ring)
        mine.delete(bell.ring)
        if (mine.size === 0 && waiters.get(id) === mine) waiters.delete(id)
      }
    }
  }
}

/** Remembers a ring that came while nobody listened. */
function createBell() {
  let rung = false
  let wakeUp: (() => void) | undefined
  return {
    ring() {
      rung = true
      wakeUp?.()
    },
    async heard(withinMs: number): Promise<void> {
      if (!rung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, withinMs)
          wakeUp = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
      rung = false
      wakeUp = undefined
    }
  }
}

/** Where one architecture stands, for whoever needs no other. */
function onlyOf({ reasons: all, missing: allMissing, architectures }: ContainerStatus, architecture: Architecture) {
  const reasons = all.filter((reason) => reason.architecture === architecture)
  const missing = allMissing.filter((one) => one === architecture)
  const state: State = reasons.some(degrades)
    ? 'degraded'
    : reasons.length > 0 || !architectures.includes(architecture)
      ? 'partial'
      : 'complete'
  return { state, reasons, missing }
}
