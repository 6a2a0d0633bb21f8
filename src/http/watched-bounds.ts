import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Connections } from './connections.ts'
import type { BodyBudget } from './shared/body-budget.ts'

interface BoundedParts {
  bodies: BodyBudget
  connections: Connections
  catalogue: Pick<Catalogue, 'waiting' | 'events' | 'uploads'>
}

/** Returns what is bounded, and how much of it is used, as metrics. */
export function watchedBounds({ bodies, connections, catalogue }: BoundedParts): { name: string; help: string; value(): number }[] {
  const { waiting, events, uploads } = catalogue
  const bounds: [name: string, help: string, value: () => number][] = [
    ['body_bytes', 'Bytes of LEPORELLO_BODY_BUDGET that request bodies take.', bodies.used],
    ['bodies_refused_total', 'Requests refused because the bodies of others took LEPORELLO_BODY_BUDGET.', bodies.refused],
    ['connections', 'Connections that are open.', connections.open],
    ['connections_evicted_total', 'Idle connections closed to make room for others.', connections.evicted],
    ['connections_refused_total', 'Connections beyond LEPORELLO_CONNECTIONS, when none was idle.', connections.refused],
    ['waits', 'Requests that wait for a container.', waiting.places.taken],
    ['waits_refused_total', 'Requests to wait that were refused because there were too many.', waiting.places.refused],
    ['event_streams', 'Readers that follow the events.', events.places.taken],
    ['event_streams_refused_total', 'Readers of events that were refused because there were too many.', events.places.refused]
  ]
  if (uploads) {
    const { open } = uploads
    bounds.push(
      ['open_uploads', 'Uploads in pieces of which bytes are still to come.', open.count],
      ['open_upload_bytes', 'Bytes that are still to come of them; on a local disk they have room reserved.', open.awaited],
      ['open_uploads_refused_total', 'Uploads in pieces that were refused because there were too many.', open.refused]
    )
  }
  return bounds.map(([name, help, value]) => ({ name: `leporello_${name}`, help, value }))
}
