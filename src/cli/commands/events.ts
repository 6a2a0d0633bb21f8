import { setTimeout as sleep } from 'node:timers/promises'
import { entryKinds } from '../../domain/history/entry.ts'
import type { HistoryEntry } from '../../schemas.ts'
import { type Api, type ApiError, isAway } from '../client/api.ts'
import { clientCommand, numberOf, textOf } from '../client/client-command.ts'
import { complain, paintFor, say } from '../terminal/terminal.ts'
import { entryLines } from './history.ts'

export const events = clientCommand({
  usage: 'events [GLOB] [--kind KIND,...] [--since TIME] [--limit N] [--url URL] [--json]',
  description: `Prints what happens to containers, as it happens, on all replicas, until it is interrupted. When the connection breaks, it connects
again and misses nothing. With --json each event is one line.`,
  options: {
    kind: { type: 'string', choices: entryKinds, help: 'only these of record, expected, pending, build, test, verdict, state' },
    since: {
      type: 'string',
      help: 'begin with what happened since this time, such as 2026-01-02T03:04:05Z, or after the event with this id'
    },
    limit: { type: 'string', help: 'end after this many events' }
  },
  examples: [
    ["leporello events 'container-*' --kind build,state", 'watch builds'],
    ['leporello events --json --kind record | while read -r event; do deploy "$event"; done', 'act on each change']
  ],
  maxPositionals: 1,
  run: async ({ api, values, positionals: [container], json }) => {
    const paint = paintFor(process.stdout)
    let left = numberOf(values, { name: 'limit', least: 1 }) ?? Number.POSITIVE_INFINITY
    const query = { container, kind: textOf(values, 'kind'), since: textOf(values, 'since') }
    for await (const entry of follow(api, query)) {
      if (json) say(JSON.stringify(entry))
      else for (const line of entryLines(entry, paint)) say(line)
      left -= 1
      if (left === 0) break
    }
  }
})

/** The server sends a sign of life every 15 s; one that is silent for so long is gone. */
const silenceMs = 60_000
const pauses = { firstMs: 1_000, longestMs: 30_000 }
/** A new connection repeats the events of the last seconds. */
const remembered = 1000

/** Yields events, connecting again as often as needed. Throws when the first connection fails. */
async function* follow(api: Api, query: { [name: string]: string | undefined }): AsyncGenerator<HistoryEntry> {
  const seen = new Set<string>()
  let resume: string | undefined
  let connected = false
  for (let pause = pauses.firstMs; ; pause = Math.min(pause * 2, pauses.longestMs)) {
    try {
      const headers = { accept: 'text/event-stream', ...(resume !== undefined && { 'last-event-id': resume }) }
      const lines = api.lines({ path: '/api/v1/events', query, headers, timeoutMs: silenceMs, empty: true })
      for await (const { id, event, data } of messages(lines)) {
        connected = true
        pause = pauses.firstMs
        resume = id ?? resume
        if (event === 'end' || data === undefined) continue
        const entry = JSON.parse(data) as HistoryEntry
        if (seen.has(entry.id)) continue
        seen.add(entry.id)
        if (seen.size > remembered) seen.delete(seen.values().next().value!)
        yield entry
      }
    } catch (error) {
      if (!connected || !isAway(error as ApiError)) throw error
      complain(`leporello: the connection broke; connecting again in ${pause / 1000} s`)
    }
    await sleep(pause)
  }
}

type ServerSentEvent = { [field in 'id' | 'event' | 'data']?: string }

/** Parses server-sent events (WHATWG HTML, 9.2.6), as far as Leporello uses them. One without data is a sign of life. */
async function* messages(lines: AsyncIterable<string>): AsyncGenerator<ServerSentEvent> {
  let message: ServerSentEvent = {}
  for await (const line of lines) {
    if (line === '') {
      yield message
      message = {}
    }
    const [, field, value] = /^(id|event|data): ?(.*)$/.exec(line) ?? []
    if (field === 'data') message.data = message.data === undefined ? value! : `${message.data}\n${value}`
    else if (field !== undefined) message[field as 'id' | 'event'] = value!
  }
}
