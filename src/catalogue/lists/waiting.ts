import type { Architecture } from '../../domain/architecture.ts'
import { degrades, type State } from '../../domain/build/state.ts'
import { isCatalogueError } from '../../domain/errors.ts'
import { checkId } from '../../domain/limits.ts'
import type { WaitAnswer } from '../../schemas.ts'
import { createBell } from '../jobs/bell.ts'
import { createPlaces, type Places } from '../jobs/places.ts'
import type { ListsParts } from './parts.ts'
import type { ContainerStatus, Views } from './views.ts'

/** The states that a client can wait for; settled means complete or degraded. */
export const goals = ['complete', 'degraded', 'settled'] as const

interface WaitRequest {
  id: string
  /** The client whose share of the places the wait counts against. */
  client?: string
  goal: (typeof goals)[number]
  /** Waits for this architecture alone. */
  architecture?: Architecture | undefined
  withinMs: number
  /** Aborts when the client disconnects, or the server stops. */
  signal: AbortSignal
}

export interface Waiting {
  /** Resolves at the goal, or when the time is up. Throws waiters_exceeded, share_exceeded, and at the end store_unavailable. */
  wait(request: WaitRequest): Promise<WaitAnswer>
  places: Pick<Places, 'taken' | 'refused'>
}

/** How often the store is read, to find changes by other replicas. */
const lookEveryMs = 1000

export function createWaiting({ journal, buildStatuses }: ListsParts, views: Views): Waiting {
  const waiters = new Map<string, Set<() => void>>()
  const places = createPlaces({ most: 256, what: 'requests that wait', instead: 'ask for the state itself', code: 'waiters_exceeded' })
  const wake = (id: string) => {
    for (const waiter of waiters.get(id) ?? []) waiter()
  }
  journal.onEntry(({ container }) => wake(container))
  buildStatuses.onTouched(wake)

  return {
    places,
    async wait(request) {
      const { id, client, withinMs, signal } = request
      checkId(id)
      const leave = places.take(client)
      const deadline = performance.now() + withinMs
      const bell = createBell()
      const mine = waiters.get(id) ?? new Set()
      waiters.set(id, mine.add(bell.ring))
      signal.addEventListener('abort', bell.ring)
      try {
        for (;;) {
          const ends = () => signal.aborted || performance.now() >= deadline
          // a short outage of the store must not end a wait of minutes
          const waited = await look(views, request).catch((error) => {
            if (ends() || !isCatalogueError(error, 'store_unavailable')) throw error
          })
          if (waited && (waited.reached || ends())) return waited
          await bell.heard(Math.min(Math.max(0, deadline - performance.now()), lookEveryMs))
        }
      } finally {
        leave()
        signal.removeEventListener('abort', bell.ring)
        mine.delete(bell.ring)
        if (mine.size === 0 && waiters.get(id) === mine) waiters.delete(id)
      }
    }
  }
}

async function look(views: Views, { id, goal, architecture }: WaitRequest): Promise<WaitAnswer> {
  const status = await views.status(id, architecture)
  const { state, reasons, missing } = architecture === undefined ? status : onlyOf(status, architecture)
  const reached = state === goal || (goal === 'settled' && state !== 'partial')
  const { expected, revision } = status
  const goalOf = { container: id, for: goal, architecture: architecture ?? null }
  return { ...goalOf, reached, state, expected: [...expected], missing, reasons, revision }
}

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
