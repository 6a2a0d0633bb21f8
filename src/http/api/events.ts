import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { StreamItem } from '../../catalogue/history/event-stream.ts'
import type { Events } from '../../catalogue/history/events.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { EntryKind } from '../../domain/history/entry.ts'
import { globMatches } from '../../domain/json/query.ts'
import { eventDescriptions as descriptions } from './event-descriptions.ts'
import { parseKind } from './history.ts'
import { strictQuery } from './input.ts'

export interface EventRoutes {
  events: Events
}

const headers = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store, no-transform',
  // nginx would keep events back until it has a buffer full
  'x-accel-buffering': 'no',
  // or the connection would outlive the stream, and a server that stops would wait for it
  connection: 'close'
}

/** What happens, as server-sent events (WHATWG HTML, 9.2). */
export function eventRoutes(app: FastifyInstance, { events }: EventRoutes): void {
  // before the server waits for requests under way
  app.addHook('preClose', async () => events.close())

  app.route({
    method: ['GET', 'HEAD'],
    url: '/api/v1/events',
    config: { action: 'container:read', describes: descriptions.events },
    async handler(request, reply) {
      const { container, kind, since } = strictQuery(request, ['container', 'kind', 'since'])
      const kinds = kind === undefined ? undefined : new Set(kind.split(',').map(parseKind))
      const wanted = (entry: { container: string; kind: EntryKind }) =>
        (container === undefined || globMatches(container, entry.container)) && (kinds === undefined || kinds.has(entry.kind))
      const from = sinceOf(request, since)
      if (request.method === 'HEAD') return reply.headers(headers).send()
      return stream(reply, { events, since: from, wanted })
    }
  })
}

async function stream(
  reply: FastifyReply,
  { events, ...options }: { events: Events; since: string | undefined; wanted: (entry: { container: string; kind: EntryKind }) => boolean }
): Promise<FastifyReply> {
  const gone = new AbortController()
  let body: Readable | undefined
  const leave = () => {
    gone.abort()
    body?.destroy()
  }
  reply.raw.once('close', leave)
  const items = await events.open({ ...options, signal: gone.signal, abandon: leave })
  body = Readable.from(frames(items))
  return reply.headers(headers).send(body)
}

async function* frames(items: AsyncIterable<StreamItem>): AsyncGenerator<string> {
  // at once, so that the client knows that it is listening; and where it shall wait before it comes back
  yield 'retry: 1000\n\n'
  for await (const item of items) yield frame(item)
}

function frame(item: StreamItem): string {
  switch (item.type) {
    case 'entry':
      return `id: ${item.resume}\nevent: ${item.entry.kind}\ndata: ${JSON.stringify(item.entry)}\n\n`
    case 'idle':
      return ':\n\n'
    case 'end':
      return `event: end\ndata: ${JSON.stringify({ code: item.code, resume: item.resume })}\n\n`
  }
}

// as schemas/event-query.json has it
const moment = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/

/** Last-Event-ID is what a client that lost its connection sends, and knows better than its URL. Throws parameter_invalid. */
function sinceOf(request: FastifyRequest, query: string | undefined): string | undefined {
  const header = request.headers['last-event-id']
  // the query's has to be right, too, when it does not count
  const asked = query === undefined ? undefined : momentOf('since', query)
  return typeof header === 'string' && header !== '' ? momentOf('Last-Event-ID', header) : asked
}

function momentOf(path: string, since: string): string {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\/\d{16}[wx]\/[0-9a-f]{8}$/.test(since)) return since
  if (moment.test(since)) return new Date(since).toISOString()
  const message = `is ${JSON.stringify(since.slice(0, 100))}; expected the id of an event, or a time such as 2026-01-02T03:04:05Z`
  throw new CatalogueError('parameter_invalid', `${path} ${message}`, { details: { errors: [{ path, message }] } })
}
