import { parentPort, workerData } from 'node:worker_threads'

/* Another client, in a thread of its own: asks for a container again and again, and tells how long it waited for the slowest answer. */

export interface Seen {
  answered: number
  /** Those that were not answered, or not with the container, by status or error. */
  refused: Record<string, number>
  longestMs: number
}

const seen: Seen = { answered: 0, refused: {}, longestMs: 0 }
let going = true
parentPort!.once('message', () => {
  going = false
})

while (going) {
  const began = performance.now()
  const outcome = await ask()
  if (outcome === 200) seen.answered++
  else seen.refused[outcome] = (seen.refused[outcome] ?? 0) + 1
  seen.longestMs = Math.max(seen.longestMs, Math.round(performance.now() - began))
  await new Promise((resolve) => setTimeout(resolve, 10))
}
parentPort!.postMessage(seen)

async function ask(): Promise<number | string> {
  try {
    const reply = await fetch(workerData as string, { headers: { connection: 'close' } })
    await reply.arrayBuffer()
    return reply.status
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: string } }
    return cause?.code ?? message
  }
}
