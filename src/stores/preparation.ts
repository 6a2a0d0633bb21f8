import { setTimeout as sleep } from 'node:timers/promises'
import { isCatalogueError } from '../domain/errors.ts'
import type { Gate } from './gated-stores.ts'

export interface Preparation {
  /** Resolves when the store is ready, or after stop(). Throws errors that waiting does not solve, such as database_newer. */
  done: Promise<void>
  stop(): void
}

export interface PreparationOptions {
  /** Called once for each reason why the store is not available yet. */
  onDelay(error: Error): void
  onReady(outcome: { version: number; applied: string[] }): void
}

const pauseMs = 500

/** Migrates the stores behind a gate, retrying until the engine is available, and then opens the gate. */
export function prepare(gate: Gate, { onDelay, onReady }: PreparationOptions): Preparation {
  const stopping = new AbortController()
  const { signal } = stopping
  let told: string | undefined

  async function attempt(): Promise<boolean> {
    try {
      const outcome = await gate.stores.migrate()
      gate.open()
      onReady(outcome)
      return true
    } catch (error) {
      if (signal.aborted) return true
      if (!isCatalogueError(error, 'store_unavailable')) throw error
      gate.closed(error.message, error)
      if (error.message !== told) onDelay(error)
      told = error.message
      return false
    }
  }

  async function run(): Promise<void> {
    // stop() ends the pause
    while (!signal.aborted && !(await attempt())) await sleep(pauseMs, undefined, { signal }).catch(() => {})
  }

  return { done: run(), stop: () => stopping.abort() }
}
