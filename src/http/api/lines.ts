import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { explain } from '../shared/errors.ts'

/** Proxies and sockets that hear nothing for a minute take the other side for dead. */
const lifeMs = 10_000
/** So long an answer may still become a refusal. */
const refusalMs = 1_000

/**
 * A line of JSON for each thing as it comes, so that neither side holds a list of them. What goes wrong at once is an answer like any other; later
 * on it can only be a last line of its own.
 */
export async function sendLines(reply: FastifyReply, things: AsyncGenerator<unknown>): Promise<FastifyReply> {
  const first = things.next()
  await soon(first, refusalMs)
  return reply
    .type('application/x-ndjson')
    .header('cache-control', 'no-store')
    .send(Readable.from(written(first, things)))
}

async function* written(first: Promise<IteratorResult<unknown>>, things: AsyncGenerator<unknown>): AsyncGenerator<string> {
  try {
    let next = first
    for (;;) {
      const step = await soon(next, lifeMs)
      if (step === undefined) {
        yield '\n'
        continue
      }
      if (step.done) return
      yield `${JSON.stringify(step.value)}\n`
      next = things.next()
      next.catch(() => {}) // is awaited above; until then it is nobody's
    }
  } catch (error) {
    yield `${JSON.stringify({ type: 'failed', message: explain(error).message })}\n`
  } finally {
    await things.return(undefined)
  }
}

/** Undefined when it takes longer. */
async function soon<T>(coming: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms)
  })
  try {
    return await Promise.race([coming, late])
  } finally {
    clearTimeout(timer)
  }
}
