import type { ChildProcess } from 'node:child_process'
import { ask, type Engine, type EngineName, startEngine } from '../test/support/engines.ts'
import type { EngineOperation, EngineReply, EngineRequest } from '../test/support/shared-engine.ts'
import { childrenCpu } from './children-cpu.ts'

/** Lends engines to test files: one of each name, to one file at a time. */
export interface EngineLender {
  /** Answers what this test file asks for; whatever it has borrowed returns when it ends. */
  serve(child: ChildProcess, slot: Slot): void
  /** Ends all engines, and says what each has cost. */
  close(): Promise<string[]>
}

/** The place among the test files that run at once; one that waits for an engine gives it away meanwhile. */
export interface Slot {
  free(): void
  take(): Promise<void>
}

interface Shelf {
  engine?: Engine
  /** Resolves when the file that has it, or waits for it as the last one, has returned it. */
  last: Promise<void>
  starts: number
  cpuSeconds: number
}

export function engineLender(): EngineLender {
  const shelves = new Map<EngineName, Shelf>()
  const shelfOf = (name: EngineName): Shelf => {
    const shelf = shelves.get(name) ?? { last: Promise.resolve(), starts: 0, cpuSeconds: 0 }
    shelves.set(name, shelf)
    return shelf
  }
  return {
    serve(child, slot) {
      const returns = new Map<EngineName, () => void>()
      child.once('exit', () => {
        for (const giveBack of returns.values()) giveBack()
      })
      child.on('message', async ({ engine: name, operation }: EngineRequest) => {
        // tap says things of its own on this channel
        if (!operation) return
        const shelf = shelfOf(name)
        const operations: Record<EngineOperation, () => Promise<void>> = {
          lend: async () => {
            returns.set(name, await turn(shelf, slot))
            if (child.exitCode !== null || child.signalCode !== null) return returns.get(name)!()
            await makeReady(shelf, name)
          },
          kill: () => end(shelf, () => shelf.engine!.kill()),
          restart: () => restart(shelf),
          return: async () => returns.get(name)?.()
        }
        const reply = await operations[operation]().then(
          () => placeOf(shelf.engine!),
          (error: Error) => ({ error: String(error) })
        )
        if (child.connected) child.send({ engine: name, operation, ...reply } satisfies EngineReply)
      })
    },
    async close() {
      for (const shelf of shelves.values()) if (shelf.engine) await end(shelf, () => shelf.engine!.stop())
      return [...shelves].map(([name, { starts, cpuSeconds }]) => `${name} # ${starts} starts, ${cpuSeconds.toFixed(1)} s of CPU`)
    }
  }
}

const placeOf = (engine: Engine) => ({ pid: engine.pid(), url: engine.url, dataDir: engine.dataDir })

/** Waits until no other file has it; the answer returns it. */
async function turn(shelf: Shelf, slot: Slot): Promise<() => void> {
  const before = shelf.last
  let giveBack = () => {}
  shelf.last = new Promise((resolve) => {
    giveBack = resolve
  })
  slot.free()
  await before
  await slot.take()
  return giveBack
}

/** Starts it where it does not run, and takes away what the last file left. */
async function makeReady(shelf: Shelf, name: EngineName): Promise<void> {
  if (!shelf.engine) {
    shelf.engine = await startEngine(name)
    shelf.starts++
  } else if (shelf.engine.running()) process.kill(shelf.engine.pid(), 'SIGCONT')
  else await restart(shelf)
  await empty(shelf.engine)
}

async function restart(shelf: Shelf): Promise<void> {
  shelf.starts++
  await end(shelf, () => shelf.engine!.restart())
}

/** Adds what its process has used to its account, and not to that of a test file. */
async function end(shelf: Shelf, ending: () => Promise<void>): Promise<void> {
  await ending()
  shelf.cpuSeconds += childrenCpu()
}

async function empty(engine: Engine): Promise<void> {
  const { body: existing } = await ask(engine, ['GET', '/_alias'])
  for (const index of Object.keys(existing)) await ask(engine, ['DELETE', `/${index}`])
  await ask(engine, ['DELETE', '/_template/*'])
  const { body: left } = await ask(engine, ['GET', '/_alias'])
  if (Object.keys(left).length > 0) throw new Error(`these indices cannot be deleted: ${Object.keys(left).join(', ')}`)
}
