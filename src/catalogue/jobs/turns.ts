import { holdLease, type Leases } from './leases.ts'

interface Turn {
  /** Of the lease. */
  name: string
  /** Over all replicas. */
  everyMs: number
  signal: AbortSignal
}

/** Throws when the server is stopping, or another replica has taken over, within some seconds. */
export type GoOn = () => Promise<void>

/** Does work once in so many milliseconds, on one replica. Returns undefined when it is not this one's turn, or the server is stopping. */
export async function takeTurn<Result>(
  { leases, now }: { leases: Leases; now: () => Date },
  { name, everyMs, signal, work }: Turn & { work(goOn: GoOn): Promise<Result> }
): Promise<Result | undefined> {
  const { swept } = await leases.note(name)
  if (swept !== undefined && Date.parse(swept) + everyMs > now().getTime()) return undefined
  const lease = await leases.acquire(name)
  if (!lease) return undefined
  const begun = now().toISOString()
  const isHeld = holdLease(lease, { now, signal })
  let result: Result
  try {
    result = await work(async () => {
      if (await isHeld()) return
      signal.throwIfAborted()
      throw new Error(`another replica has taken over: ${name}`)
    })
  } catch (error) {
    await lease.release(lease.note)
    if (signal.aborted) return undefined
    throw error
  }
  await lease.release({ swept: begun })
  return result
}
