import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { pythonString } from '../../domain/json/json.ts'
import { sendAnswer, shows } from './envelope.ts'

/** A list of up to so many ids is sorted and has a Content-Length; a longer one is streamed, so that memory stays flat. */
const buffered = 20_000

export async function sendList(reply: FastifyReply, ids: AsyncIterable<string[]>): Promise<FastifyReply> {
  const batches = ids[Symbol.asyncIterator]()
  const first: string[] = []
  while (first.length <= buffered) {
    const { value, done } = await batches.next()
    if (done) return sendAnswer(reply, { success: true, message: '', result: `[${first.sort().map(pythonString).join(', ')}]` })
    // not push(...value): a batch may be larger than the stack
    for (const id of value) first.push(id)
  }
  const mask = reply.request.headers['x-fields']
  if (!shows(mask === undefined ? undefined : String(mask), 'result')) {
    await batches.return?.()
    return sendAnswer(reply, { success: true, message: '', result: undefined })
  }
  // Fastify destroys the connection on an error from here on, so that a partial list does not look complete
  return reply.header('content-type', 'application/json').send(Readable.from(chunks(first, batches, reply.request)))
}

async function* chunks(first: string[], batches: AsyncIterator<string[]>, request: FastifyRequest): AsyncGenerator<string> {
  try {
    yield `{"success": true, "message": "", "result": [${first.map(pythonString).join(', ')}`
    for (;;) {
      const { value, done } = await batches.next()
      if (done) break
      if (value.length > 0) yield `, ${value.map(pythonString).join(', ')}`
    }
    yield ']}\n'
  } catch (error) {
    request.failure = error
    throw error
  } finally {
    await batches.return?.()
  }
}
