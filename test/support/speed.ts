/*
 * Machines that run the tests differ by a factor of seven, and more while they do other things. So how long something may take, and how
 * much of it is repeated, is written down for a fast one.
 */

const text = JSON.stringify(Array.from({ length: 2000 }, (_, i) => ({ id: `hello:${i}`, number: i, list: [i, i + 1] })))
const rounds = 40
// of a machine on which a bare Fastify answers 100,000 requests a second
const fastMs = 10
const slowest = 40

/** Returns how many times as long as a fast machine, with nothing else to do, this one takes at the moment: from 1 to 40. */
export function slowness(): number {
  const began = performance.now()
  for (let round = 0; round < rounds; round++) JSON.stringify(JSON.parse(text))
  return Math.min(slowest, Math.max(1, (performance.now() - began) / fastMs))
}

// the second time, it is compiled
slowness()
const atStart = slowness()

/** A time that lets this machine do what a fast one does in so many milliseconds. */
export const limitMs = (ms: number): number => Math.ceil(ms * atStart)

/** How often to repeat what a fast machine does so often: fewer times on a slow one, and `least` at least. */
export const repeats = (count: number, { least }: { least: number }): number => Math.max(least, Math.round(count / Math.sqrt(atStart)))
