import { sha256 } from './images.ts'
import { foundAmong, infoPath, knownIn, type MixedRequest, type Own, type RequestKind, requestOf } from './mixed-requests.ts'
import { randomFrom } from './random.ts'

/*
 * Writers of every kind, who remember what was acknowledged. Each container has one writer, who sends one request after another, so what
 * it may be is known: what the last acknowledged request made it, or what a later request, whose outcome is unknown, would have made it.
 */

export interface MixedLoadOptions {
  /** Replicas, used in turn. */
  urls: readonly string[]
  name: string
  writers: number
  seed: number
  /** How long an answer may take. */
  deadlineMs: number
}

/** What of each container was acknowledged at some moment: later changes count, earlier ones do not. */
export type Mark = ReadonlyMap<string, number>

export interface MixedLoad {
  /** How many requests of each kind were acknowledged. */
  done: ReadonlyMap<RequestKind, number>
  count(): number
  /** How often each status was answered. */
  statuses: ReadonlyMap<number | string, number>
  /** Answers that no fault excuses. */
  broken: string[]
  mark(): Mark
  /** Waits for the requests under way; no writer goes on until `goOn`. */
  pause(): Promise<void>
  goOn(): void
  /** Expects no container any more, because a fault deleted them. Only while the load is paused. */
  forget(): void
  stop(): Promise<void>
  /** What is not as it was acknowledged, in words; of a state that may be as old as the mark, where one is given. */
  wrong(url: string, mark?: Mark): Promise<string[]>
}

const containersPerWriter = 3

interface LoadState extends MixedLoadOptions {
  done: Map<RequestKind, number>
  statuses: Map<number | string, number>
  broken: string[]
}

export function startMixedLoad(options: MixedLoadOptions): MixedLoad {
  const state: LoadState = { ...options, done: new Map(), statuses: new Map(), broken: [] }
  const owned: Own[] = []
  const underWay = new Set<Promise<void>>()
  let running = true
  let gate: { open: () => void; opened: Promise<void> } | undefined

  async function write(writer: number): Promise<void> {
    const random = randomFrom(options.seed * 1000 + writer)
    const owns = Array.from({ length: containersPerWriter }, (_, i): Own => {
      const id = `${options.name}-${writer}-${i}:v1`
      return { id, past: [undefined], sure: 0 }
    })
    owned.push(...owns)
    for (let n = 1; running; n++) {
      await gate?.opened
      const sending = send(state, { url: random.pick(options.urls), request: requestOf(owns, { n, random }) })
      underWay.add(sending)
      await sending
      underWay.delete(sending)
    }
  }
  const goOn = () => {
    gate?.open()
    gate = undefined
  }
  const ended = Promise.all(Array.from({ length: options.writers }, (_, i) => write(i)))
  return {
    ...state,
    count: () => [...state.done.values()].reduce((sum, count) => sum + count, 0),
    mark: () => new Map(owned.map(({ id, sure }) => [id, sure])),
    async pause() {
      let open = () => {}
      const opened = new Promise<void>((resolve) => {
        open = resolve
      })
      gate ??= { open, opened }
      await Promise.all(underWay)
    },
    goOn,
    forget() {
      for (const own of owned) Object.assign(own, { past: [undefined], sure: 0 })
    },
    async stop() {
      running = false
      goOn()
      await ended
    },
    async wrong(url, mark) {
      const found: string[] = []
      for (const own of owned) found.push(...(await faultsOf(url, { own, from: mark === undefined ? own.sure : (mark.get(own.id) ?? 0) })))
      return found
    }
  }
}

const count = <Key>(counts: Map<Key, number>, key: Key): void => void counts.set(key, (counts.get(key) ?? 0) + 1)

async function send(state: LoadState, { url, request }: { url: string; request: MixedRequest }): Promise<void> {
  const { kind, method, path, body, type, makes } = request
  // also when nobody answers it may have been carried out
  for (const [own, made] of makes) own.past.push(made)
  const began = performance.now()
  const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type }
  let status: number | string = 'no answer'
  try {
    const reply = await fetch(url + path, { method, headers, ...(body !== undefined && { body: body as BodyInit }) })
    const answered = { status: reply.status, text: await reply.text(), headers: reply.headers, tookMs: performance.now() - began }
    status = reply.status
    const fault = faultOfAnswer(state, { request, answered })
    if (fault) state.broken.push(`${method} ${path}: ${fault}`)
  } catch {
    // nobody listens: not a busy loop
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  count(state.statuses, status)
  if (status !== 200 && status !== 201) return
  count(state.done, kind)
  for (const [own] of makes) own.sure = own.past.length - 1
}

interface Answered {
  status: number
  text: string
  headers: Headers
  tookMs: number
}

interface AnsweredRequest {
  request: MixedRequest
  answered: Answered
}

function faultOfAnswer({ deadlineMs }: LoadState, { request: { kind, reads }, answered }: AnsweredRequest): string | undefined {
  const { status, text, headers, tookMs } = answered
  const shown = `${status} ${text.slice(0, 300)}`
  if (tookMs > deadlineMs) return `answered after ${Math.round(tookMs)} ms, expected within ${deadlineMs}: ${shown}`
  if (!isJson(text)) return `not JSON: ${shown}`
  if (status === 503 && !/^\d+$/.test(headers.get('retry-after') ?? '')) return `503 without Retry-After: ${shown}`
  // another batch holds the lease, or a process did that was killed a moment ago
  if (status === 409 && kind === 'batch' && text.includes('nothing was changed, try again')) return undefined
  if (![200, 201, 503, 507].includes(status) && !(kind === 'read' && status === 404)) return `unexpected: ${shown}`
  if (reads === undefined || status >= 500) return undefined
  const possible = reads.past.slice(reads.sure)
  return foundAmong(possible, knownIn(answered)) ? undefined : `read ${shown}, expected one of ${JSON.stringify(possible)}`
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

async function faultsOf(url: string, { own: { id, past }, from }: { own: Own; from: number }): Promise<string[]> {
  const reply = await fetch(url + infoPath(id))
  const text = await reply.text()
  if (reply.status !== 200 && reply.status !== 404) return [`${id} is answered ${reply.status} ${text}`]
  const found = knownIn({ status: reply.status, text })
  const possible = past.slice(from)
  const match = foundAmong(possible, found)
  if (!match)
    return [`${id} is ${JSON.stringify(found) ?? 'absent'}, expected one of ${JSON.stringify(possible.slice(0, 3))} (${possible.length})`]
  const digest = /^upload:(.+)$/.exec(match.is?.amd64 ?? '')?.[1]
  return digest === undefined ? [] : faultsOfTarball(new URL(url + new URL(found!.amd64).pathname), { id, digest })
}

async function faultsOfTarball(url: URL, { id, digest }: { id: string; digest: string }): Promise<string[]> {
  const reply = await fetch(url)
  const bytes = Buffer.from(await reply.arrayBuffer())
  return reply.status === 200 && sha256(bytes) === digest
    ? []
    : [`${id}: its tarball is answered ${reply.status} with ${bytes.length} bytes, others than were uploaded`]
}
