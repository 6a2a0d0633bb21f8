import type { Test } from 'tap'
import type { Reply } from './mozart-client.ts'
import { eventually } from './processes.ts'
import { limitMs, slowness } from './speed.ts'

/** Of a server whose engine is to fail: long enough for a slow machine to ride over what passes. */
export const patienceMs = Math.max(4000, limitMs(1000))

/**
 * That each of these, asked at once, is told of an outage: 503 in the envelope, and when to try again. Nobody waits for the patience
 * twice; how much longer than once is the machine's affair.
 */
export async function areOutages(t: Test, asked: Record<string, Promise<Reply>>): Promise<void> {
  const replies = await Promise.all(Object.entries(asked).map(async ([what, asking]) => ({ what, reply: await asking })))
  for (const { what, reply } of replies) {
    t.equal(reply.status, 503, `${what}: 503`)
    t.equal(reply.body?.success, false, `${what}: in the envelope, with words: ${reply.body?.message}`)
    t.match(reply.headers.get('retry-after'), /^\d+$/, `${what}: says when to try again`)
    t.ok(reply.tookMs < patientMs(), `${what}: within the patience (${Math.round(reply.tookMs)} ms)`)
  }
}

/** Longer than the patience, and shorter than twice: as the machine is at the moment. */
export const patientMs = (): number => 2 * patienceMs * slowness()

/** Asks until it is answered 200: an engine that has just been started takes its time, and that is nobody's fault. */
export const isDone = (what: string, ask: () => Promise<Reply>): Promise<true> =>
  eventually(async () => (await ask()).status === 200 || undefined, { what })
