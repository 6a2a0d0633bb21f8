import type { Description } from '../shared/describes.ts'
import { problem } from './container-descriptions.ts'

const example = `retry: 1000

id: 2026-01-02T03:04:05.678Z/0000000000000012w/2f0c9f8e
event: record
data: {"container":"container-hello:v1.0.0","kind":"record","what":"changed","summary":"the image for arm64 was added: s3://images/hello-arm64.tar.gz"}

:

event: end
data: {"code":"server_stops","resume":"2026-01-02T03:04:05.678Z/0000000000000012w/2f0c9f8e"}

`

export const eventDescriptions = {
  events: {
    summary: 'What happens, as it happens',
    description:
      'Server-sent events: `id` is where to go on, `event` the kind, `data` an entry of the history (`HistoryEntry`). Also from other replicas, within a second or two: `order` in the data says what was first. A client that lost its connection sends the last id as Last-Event-ID and misses nothing; coming to another replica it is told again of the three seconds before, and knows by `id` in the data what it had. Lines that begin with a colon keep the connection alive. A stream that ends tells why (`event: end`): too_slow, server_stops or store_unavailable.',
    tags: ['history'],
    querystring: { $ref: 'event-query.json#' },
    headers: { $ref: 'event-headers.json#' },
    response: {
      200: { description: 'The stream.', content: { 'text/event-stream': { schema: { $ref: 'stream-event.json#' }, example } } },
      400: problem('A parameter is wrong, or not known here.'),
      503: problem('Too many listen already, the server stops, or a store does not answer; try again.')
    }
  }
} satisfies Record<string, Description>
