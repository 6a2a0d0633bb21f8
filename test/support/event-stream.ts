import { eventually } from './processes.ts'

export interface Told {
  id: string
  event: string
  data: any
}

/** A client of server-sent events. */
export interface Listener {
  status: number
  headers: Headers
  events: Told[]
  /** All that came, as it came. */
  text(): string
  /** Until so many have come, or fails. */
  came(count: number): Promise<Told[]>
  /** Until the stream ends by itself, or fails. */
  ended(): Promise<true>
  close(): void
}

export async function listenTo(url: string, headers: Record<string, string> = {}): Promise<Listener> {
  const gone = new AbortController()
  const reply = await fetch(url, { headers, signal: gone.signal })
  const events: Told[] = []
  let text = ''
  let rest = ''
  let over = false
  const read = async () => {
    for await (const chunk of reply.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk
      const blocks = (rest + chunk).split('\n\n')
      rest = blocks.pop()!
      for (const block of blocks) take(block)
    }
    over = true
  }
  const take = (block: string) => {
    const fields = Object.fromEntries(
      block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)])
    )
    if (fields['data'] !== undefined) events.push({ id: fields['id'] ?? '', event: fields['event']!, data: JSON.parse(fields['data']) })
  }
  read().catch(() => {}) // closed by us, or broken off: then `ended` fails
  return {
    status: reply.status,
    headers: reply.headers,
    events,
    text: () => text,
    came: (count) =>
      eventually(async () => (events.length >= count ? events : undefined), {
        what: `${count} events came`,
        everyMs: 20
      }),
    ended: () => eventually(async () => over || undefined, { what: 'the stream ended', everyMs: 20 }),
    close: () => gone.abort()
  }
}
