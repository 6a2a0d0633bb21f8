import { Readable } from 'node:stream'
import type { StreamItem, StreamOptions } from '../../catalogue/history/event-stream.ts'
import type { Reading } from '../../catalogue/verification/readings.ts'
import { globMatches } from '../../domain/glob.ts'
import { claimedArchitecture } from '../../domain/image/facts.ts'
import type { EventQuery } from '../../schemas.ts'
import { clientOf } from '../shared/trusted-proxies.ts'
import { type Shown, shownTo } from './masking.ts'
import { type ApiParts, type DeclareRoute, share } from './route.ts'

const streamHeaders = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store, no-transform',
  // nginx would otherwise hold events back until its buffer is full
  'x-accel-buffering': 'no',
  // or the connection would outlive the stream, and a server that stops would wait for it
  connection: 'close'
}

const example = `retry: 1000

id: 2026-01-02T03:04:05.678Z/0000000000000012w/2f0c9f8e
event: record
data: {"container":"container-hello:v1.0.0","kind":"record","what":"changed","summary":"the image for arm64 was added: s3://images/hello-arm64.tar.gz"}

:

event: end
data: {"code":"server_stops","resume":"2026-01-02T03:04:05.678Z/0000000000000012w/2f0c9f8e"}

`

/** The history as it happens, as server-sent events (WHATWG HTML, 9.2). */
export function eventRoutes(route: DeclareRoute, { app, events }: ApiParts): void {
  // this runs before the server waits for the requests under way
  app.addHook('preClose', async () => events.close())

  route('GET /events', {
    action: 'container:read',
    tag: 'history',
    summary: 'What happens, as it happens',
    description:
      'Server-sent events: `id` is where to resume, `event` the kind, `data` an entry of the history (`HistoryEntry`). Events of other replicas come within a second or two; `order` in the data gives the true order. A client that lost its connection sends the last id as Last-Event-ID and misses nothing; at another replica it receives the three seconds before that again, and recognises them by `id` in the data. `reading` lists the images that are being read (`readings`: `container`, `architecture`, and `read` of `size` bytes), once a second at most, and at last an empty list. It has no id, is no entry of the history, and is sent only to those who name it in `kind`. Lines that begin with a colon keep the connection alive. A stream that ends says why (`event: end`): too_slow, server_stops or store_unavailable.',
    query: 'event-query.json',
    headers: 'event-headers.json',
    answers: {
      200: { description: 'The stream.', content: { 'text/event-stream': { schema: { $ref: 'stream-event.json#' }, example } } },
      429: share,
      503: 'Too many clients listen already, the server stops, or a store does not answer; try again.'
    },
    async handler({ request, reply, query, headers }) {
      if (request.method === 'HEAD') return reply.headers(streamHeaders).send()
      // a client that lost its connection repeats its URL; the header is newer
      const since = momentOf(headers['Last-Event-ID'] || query.since)
      const gone = new AbortController()
      let body: Readable | undefined
      const abandon = () => {
        gone.abort()
        body?.destroy()
      }
      reply.raw.once('close', abandon)
      const wanted = filterOf(query)
      const items = await events.open({ client: clientOf(request), since, wanted, signal: gone.signal, abandon })
      body = Readable.from(frames(items, shownTo(request)))
      return reply.headers(streamHeaders).send(body)
    }
  })
}

/** How far images have been read is sent only to those who ask for it. */
function filterOf({ container, kind }: EventQuery): StreamOptions['wanted'] {
  const kinds = kind === undefined ? undefined : new Set(kind.split(','))
  return (event) =>
    (container === undefined || globMatches(container, event.container)) && (kinds ? kinds.has(event.kind) : event.kind !== 'reading')
}

/** The id of an event as it is, a time in UTC. */
const momentOf = (since: string | undefined): string | undefined =>
  since === undefined || since.includes('/') ? since : new Date(since).toISOString()

async function* frames(items: AsyncIterable<StreamItem>, shown: Shown): AsyncGenerator<string> {
  // sent at once: the client learns that it is connected, and how long to wait before it reconnects
  yield 'retry: 1000\n\n'
  for await (const item of items) {
    if (item.type === 'entry') yield `id: ${item.resume}\nevent: ${item.entry.kind}\ndata: ${shown(item.entry)}\n\n`
    else if (item.type === 'reading') yield `event: reading\ndata: ${shown({ readings: item.readings.map(toJson) })}\n\n`
    else if (item.type === 'end') yield `event: end\ndata: ${JSON.stringify({ code: item.code, resume: item.resume })}\n\n`
    else yield ':\n\n'
  }
}

/** The only image of a record that names no architectures has none here, either. */
const toJson = ({ container, imageKey, read, size }: Reading) => ({ container, architecture: claimedArchitecture(imageKey), read, size })
