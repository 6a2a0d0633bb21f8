import { newDockerSave, sha256 } from './images.ts'
import { type Random, randomFrom } from './random.ts'
import { tar } from './tar.ts'

/*
 * Writers of every kind, who remember what was acknowledged. Each container has one writer, who sends one request after another, so what
 * it may be is known: what the last acknowledged request made it, or what a later request, whose outcome is unknown, would have made it.
 */

/** What a container is; undefined where there is none. An uploaded image is `upload:<sha256>`. */
type Known = { version: string; amd64: string; arm64: string } | undefined

interface Own {
  id: string
  /** What it became, one request after another. */
  past: Known[]
  /** The place in `past` of the last acknowledged one. */
  sure: number
}

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
  done: Map<string, number>
  count(): number
  /** How often each status was answered. */
  statuses: Map<number | string, number>
  /** Answers that no fault excuses. */
  broken: string[]
  mark(): Mark
  stop(): Promise<void>
  /** What is not as it was acknowledged, in words; of a state that may be as old as the mark, where one is given. */
  wrong(url: string, mark?: Mark): Promise<string[]>
}

const containersPerWriter = 3
const kinds = ['add', 'add', 'patch', 'image', 'upload', 'batch', 'remove'] as const
type Kind = (typeof kinds)[number]

interface Sending {
  kind: Kind
  method: string
  path: string
  body?: string | Buffer | URLSearchParams
  type?: string
  /** What it makes of which containers. */
  makes: [own: Own, state: Known][]
}

interface LoadParts extends MixedLoadOptions {
  done: Map<string, number>
  statuses: Map<number | string, number>
  broken: string[]
}

export function startMixedLoad(options: MixedLoadOptions): MixedLoad {
  const parts: LoadParts = { ...options, done: new Map(), statuses: new Map(), broken: [] }
  const owned: Own[] = []
  let running = true

  async function write(writer: number): Promise<void> {
    const random = randomFrom(options.seed + writer)
    const owns = Array.from({ length: containersPerWriter }, (_, i): Own => {
      const id = `${options.name}-${writer}-${i}:v1`
      return { id, past: [undefined], sure: 0 }
    })
    owned.push(...owns)
    for (let n = 1; running; n++) await send(parts, { url: random.pick(options.urls), sending: requestOf(owns, { n, random }) })
  }
  const ended = Promise.all(Array.from({ length: options.writers }, (_, i) => write(i)))
  return {
    ...parts,
    count: () => [...parts.done.values()].reduce((sum, count) => sum + count, 0),
    mark: () => new Map(owned.map(({ id, sure }) => [id, sure])),
    async stop() {
      running = false
      await ended
    },
    async wrong(url, mark) {
      const found: string[] = []
      for (const own of owned) found.push(...(await faultsOf(url, { own, from: mark === undefined ? own.sure : (mark.get(own.id) ?? 0) })))
      return found
    }
  }
}

function requestOf(owns: readonly Own[], { n, random }: { n: number; random: Random }): Sending {
  const own = random.pick(owns)
  const known = own.past.at(-1)
  // what is not there cannot be changed; where that is not known, it is written whole
  const certain = own.sure === own.past.length - 1
  const kind = known && certain ? random.pick(kinds) : 'add'
  const path = `/api/v1/containers/${encodeURIComponent(own.id)}`
  const whole = (of: Own) => ({
    version: `v${n}`,
    amd64: `s3://bucket/${of.id}/${n}.tar.gz`,
    arm64: `s3://bucket/${of.id}/${n}-arm64.tar.gz`
  })
  const json = (body: object) => ({ body: JSON.stringify(body), type: 'application/json' })
  switch (kind) {
    case 'add': {
      const made = whole(own)
      const urls = JSON.stringify({ amd64: made.amd64, arm64: made.arm64 })
      const form = { name: own.id, version: made.version, url: made.amd64, urls, digest: `sha256:${n}` }
      return { kind, method: 'POST', path: '/api/v0.1/container/add', body: new URLSearchParams(form), makes: [[own, made]] }
    }
    case 'patch':
      return { kind, method: 'PATCH', path, ...json({ version: `p${n}` }), makes: [[own, { ...known!, version: `p${n}` }]] }
    case 'image': {
      const url = `s3://bucket/${own.id}/image-${n}.tar.gz`
      return { kind, method: 'PUT', path: `${path}/images/arm64`, ...json({ url }), makes: [[own, { ...known!, arm64: url }]] }
    }
    case 'upload': {
      const body = tar([...newDockerSave(), { name: 'ballast', body: Buffer.from(`${own.id} ${n}`) }])
      const type = 'application/octet-stream'
      const makes: Sending['makes'] = [[own, { ...known!, amd64: `upload:${sha256(body)}` }]]
      return { kind, method: 'PUT', path: `${path}/images/amd64`, body, type, makes }
    }
    case 'batch': {
      const makes = owns.map((each): [Own, Known] => [each, whole(each)])
      const items = makes.map(([{ id }, made]) => {
        const { version, amd64, arm64 } = made!
        return { id, op: 'put', container: { version, digest: 'sha256:1', images: { amd64, arm64 } } }
      })
      return { kind, method: 'POST', path: '/api/v1/batch', ...json({ items }), makes }
    }
    case 'remove':
      return { kind, method: 'DELETE', path, makes: [[own, undefined]] }
  }
}

const count = <Key>(counts: Map<Key, number>, key: Key): void => void counts.set(key, (counts.get(key) ?? 0) + 1)

async function send(parts: LoadParts, { url, sending }: { url: string; sending: Sending }): Promise<void> {
  const { kind, method, path, body, type, makes } = sending
  // also when nobody answers it may have been carried out
  for (const [own, state] of makes) own.past.push(state)
  const began = performance.now()
  const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type }
  let status: number | string = 'no answer'
  try {
    const reply = await fetch(url + path, { method, headers, ...(body !== undefined && { body: body as BodyInit }) })
    const text = await reply.text()
    status = reply.status
    const fault = faultOfAnswer(parts, { reply, text, tookMs: performance.now() - began })
    if (fault) parts.broken.push(`${kind}: ${fault}`)
  } catch {
    // nobody listens: not a busy loop
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  count(parts.statuses, status)
  if (status !== 200 && status !== 201) return
  count(parts.done, kind)
  for (const [own] of makes) own.sure = own.past.length - 1
}

interface Answered {
  reply: Response
  text: string
  tookMs: number
}

function faultOfAnswer({ deadlineMs }: LoadParts, { reply, text, tookMs }: Answered): string | undefined {
  const { status, headers } = reply
  const shown = `${status} ${text.slice(0, 300)}`
  if (tookMs > deadlineMs) return `answered after ${Math.round(tookMs)} ms, expected within ${deadlineMs}: ${shown}`
  if (!isJson(text)) return `not JSON: ${shown}`
  if (status === 503 && !/^\d+$/.test(headers.get('retry-after') ?? '')) return `503 without Retry-After: ${shown}`
  if (![200, 201, 503, 507].includes(status)) return `unexpected: ${shown}`
  return undefined
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
  const found = await readKnown(url, id)
  const possible = past.slice(from)
  const is = possible.findLast((one) => isSame(one, found))
  if (found === undefined && possible.includes(undefined)) return []
  if (is === undefined)
    return [`${id} is ${JSON.stringify(found) ?? 'absent'}, expected one of ${JSON.stringify(possible.slice(-3))} (${possible.length})`]
  const digest = /^upload:(.+)$/.exec(is.amd64)?.[1]
  if (digest === undefined) return []
  const reply = await fetch(url + new URL(found!.amd64).pathname)
  const bytes = Buffer.from(await reply.arrayBuffer())
  return reply.status === 200 && sha256(bytes) === digest ? [] : [`${id}: its tarball is ${reply.status} with ${bytes.length} other bytes`]
}

async function readKnown(url: string, id: string): Promise<Known> {
  const reply = await fetch(`${url}/api/v0.1/container/info?${new URLSearchParams({ id })}`)
  const { result } = (await reply.json()) as { result: { version: string; urls: string } }
  if (reply.status === 404) return undefined
  if (reply.status !== 200) throw new Error(`${id} is answered ${reply.status}`)
  const { amd64, arm64 } = JSON.parse(result.urls)
  return { version: result.version, amd64, arm64 }
}

function isSame(one: Known, found: Known): boolean {
  if (!one || !found) return one === found
  const isImage = (expected: string, url: string) =>
    url === expected || (expected.startsWith('upload:') && url.includes(`/${expected.slice(7, 19)}/`))
  return one.version === found.version && isImage(one.amd64, found.amd64) && isImage(one.arm64, found.arm64)
}
