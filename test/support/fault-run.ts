import type { Test } from 'tap'
import { type Handles, handlesOf } from './handles.ts'
import { type Leporello, ready } from './leporello.ts'
import { startMixedLoad } from './mixed-load.ts'
import { eventually } from './processes.ts'
import { randomFrom } from './random.ts'
import { limitMs, slowness } from './speed.ts'

/** What goes wrong under servers, and how it ends. */
export interface Fault {
  name: string
  begin(): Promise<unknown>
  end(): Promise<unknown>
  /** The server whose process it ends. */
  kills?: Leporello
  /** It deletes what was written before, so nobody writes meanwhile, and nothing of it is expected afterwards. */
  loses?: boolean
}

export interface FaultRun {
  /** Of the containers. */
  name: string
  servers: readonly Leporello[]
  faults: readonly Fault[]
  writers: number
}

/** Of the servers: short, so that outages show, and long enough for a slow machine at other times. */
export const faultPatienceMs = Math.min(6000, Math.max(1500, limitMs(300)))

/** How long recovery may take: an engine that was restarted opens its shards, which takes a slow machine a minute. */
const recoveryMs = 180_000

/** An upload or a batch takes one operation on a store after another, each of which may take the patience. */
const operations = 4

const seed = Number(process.env['FAULT_SEED'] ?? Date.now() % 1_000_000)
const seconds = Number(process.env['FAULT_SECONDS'] ?? 20)

/** Each fault once, and then at random until the time is over; a slow machine does fewer of these. */
export async function runFaults(t: Test, { name, servers, faults, writers }: FaultRun): Promise<void> {
  const until = Date.now() + seconds * 1000
  const random = randomFrom(seed)
  const deadlineMs = Math.ceil(operations * faultPatienceMs * slowness())
  const load = startMixedLoad({ urls: servers.map(({ url }) => url), name, writers, seed, deadlineMs })
  const handles = watchHandles(t, { servers, writers })
  const order = shuffled(faults, random.next).sort((a, b) => Number(b.kills !== undefined) - Number(a.kills !== undefined))
  const rounds = new Map<string, number>()
  try {
    await progress(load, writers)
    for (let round = 0; round < order.length || Date.now() < until; round++) {
      const one = order[round] ?? random.pick(faults)
      const holdMs = random.pick([50, 400, 1.3 * faultPatienceMs])
      await playFault({ load, servers, writers, handles }, { fault: one, holdMs })
      const wrong = (await Promise.all(servers.map(({ url }) => load.wrong(url)))).flat()
      t.strictSame(wrong, [], `${one.name} for ${Math.round(holdMs)} ms: nothing that was acknowledged is lost or torn`)
      t.strictSame(load.broken.splice(0), [], `${one.name}: every answer is valid, and in time`)
      rounds.set(one.name, (rounds.get(one.name) ?? 0) + 1)
      handles.look()
      load.goOn()
    }
  } finally {
    await load.stop()
  }
  for (const server of servers) await handles.check(server)
  t.comment(`seed ${seed}: to repeat it, FAULT_SEED=${seed} FAULT_SECONDS=${seconds} npm run test:faults`)
  t.comment(`faults: ${shown(rounds)}`)
  t.comment(`acknowledged: ${shown(load.done)}; answers: ${shown(load.statuses)}`)
}

const shown = (counts: ReadonlyMap<unknown, number>): string => [...counts].map(([what, count]) => `${what} ${count}`).join(', ')

const shuffled = <T>(items: readonly T[], next: () => number): T[] =>
  items
    .map((item) => ({ item, at: next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)

type Load = ReturnType<typeof startMixedLoad>

const progress = (load: Load, writers: number) => {
  const enough = load.count() + 2 * writers
  const what = 'writes are acknowledged'
  return eventually(async () => load.count() >= enough || undefined, { what, everyMs: 10, withinMs: recoveryMs })
}

interface Playing extends Pick<FaultRun, 'servers' | 'writers'> {
  load: Load
  handles: ReturnType<typeof watchHandles>
}

/** Leaves the load paused, with every server ready again. */
async function playFault({ load, servers, writers, handles }: Playing, { fault, holdMs }: { fault: Fault; holdMs: number }): Promise<void> {
  if (fault.loses) {
    await load.pause()
    // what was answered 503 may still be on its way to the store, for as long as it is tried
    await new Promise((resolve) => setTimeout(resolve, operations * faultPatienceMs))
  }
  if (fault.kills) await handles.check(fault.kills)
  await fault.begin()
  await new Promise((resolve) => setTimeout(resolve, holdMs))
  await fault.end()
  // nobody restarts a server but the fault that ended it
  for (const server of servers) if (!server.running()) throw new Error(`${fault.name}: the server ended:\n${server.output()}`)
  await Promise.all(servers.map((server) => ready(server, recoveryMs)))
  if (fault.loses) {
    load.forget()
    load.goOn()
  }
  await progress(load, writers)
  await load.pause()
}

/** Compares what each process holds after its faults with what it held after the first one. */
function watchHandles(t: Test, { servers, writers }: Pick<FaultRun, 'servers' | 'writers'>) {
  const first = new Map<number, Handles>()
  // each connection of a client may have one to a store behind it
  const sockets = 4 * writers + 16
  const memory = 200
  return {
    look() {
      for (const server of servers) if (!first.has(server.pid())) first.set(server.pid(), handlesOf(server.pid()))
    },
    async check(server: Leporello): Promise<void> {
      const before = first.get(server.pid())
      if (!before) return
      let now = handlesOf(server.pid())
      const leaks = () => now.files > before.files + 2 || now.sockets > before.sockets + sockets
      const settled = eventually(
        async () => {
          now = handlesOf(server.pid())
          return !leaks() || undefined
        },
        { what: `what ${server.url} held is let go`, withinMs: limitMs(20_000) }
      )
      await settled.catch(() => {})
      const words = `${now.files} files, ${now.sockets} sockets, ${now.memory} MB; before ${before.files}, ${before.sockets}, ${before.memory} MB`
      t.notOk(leaks(), `no handle is leaked: ${words}`)
      t.ok(now.memory < before.memory + memory, `no memory is leaked: ${words}`)
      t.comment(`it holds ${words}`)
    }
  }
}
