import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { explain } from '../shared/errors.ts'
import { soon } from '../shared/soon.ts'
import { type Shown, shownTo } from './masking.ts'

/** The interval of keep-alive lines: proxies close connections that are silent for a minute. */
const keepAliveMs = 10_000
/** How long the answer is held back, as an early error can still change its status. */
const refusalMs = 1_000

/** Sends each item as a line of JSON when it comes. An early error is answered with its status; a later one can only be the last line. */
export async function sendLines(reply: FastifyReply, items: AsyncGenerator<unknown>): Promise<FastifyReply> {
  const first = items.next()
  await soon(first, refusalMs)
  return reply
    .type('application/x-ndjson')
    .header('cache-control', 'no-store')
    .send(Readable.from(written(first, items, shownTo(reply.request))))
}

async function* written(first: Promise<IteratorResult<unknown>>, items: AsyncGenerator<unknown>, shown: Shown): AsyncGenerator<string> {
  try {
    let next = first
    for (;;) {
      const step = await soon(next, keepAliveMs)
      if (step === undefined) {
        yield '\n'
        continue
      }
      if (step.done) return
      yield `${shown(step.value)}\n`
      next = items.next()
      next.catch(() => {}) // it is awaited above; until then an error must not be unhandled
    }
  } catch (error) {
    yield `${JSON.stringify({ type: 'failed', message: explain(error).message })}\n`
  } finally {
    await items.return(undefined)
  }
}
