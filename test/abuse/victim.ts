import { readFileSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import type { Test } from 'tap'
import { startLeporello } from '../support/leporello.ts'
import { eventually } from '../support/processes.ts'
import type { Seen } from './bystander.ts'

const MiB = 2 ** 20

export interface Attack {
  url: string
  /** Opens a connection and writes to it. */
  send(bytes: string | Buffer): Socket
  /** The value of a metric of the server. */
  metric(name: string): Promise<number>
}

export interface Attacked {
  /** The most memory that the server had, and how much it has afterwards, in MiB. */
  peak: number
  afterwards: number
  others: Seen
}

export interface AttackOptions {
  settings?: Record<string, string>
  files?: number
  attack(attack: Attack): Promise<Record<string, unknown>>
  /** Whether the server is as it was before. */
  recovered?(attack: Attack): Promise<boolean>
}

/**
 * Attacks a server of its own while another client asks for a container, and prints what was seen of both. Times are printed and never
 * tested: machines differ too much.
 */
export async function attacked(t: Test, { settings = {}, files, attack, recovered = async () => true }: AttackOptions): Promise<Attacked> {
  const server = await startLeporello({ DELETE_GRACE: '0', ...settings }, files === undefined ? {} : { files })
  t.teardown(() => server.stop())
  const form = new URLSearchParams({ name: 'hello:1', version: '1', digest: 'd', url: 's3://images/hello.tar' })
  await fetch(`${server.url}/container/add`, { method: 'POST', body: form })
  const memory = (name: 'VmHWM' | 'VmRSS') => memoryOf(server.pid(), name)
  const before = memory('VmRSS')
  const bystander = startBystander(t, `${server.url}/container/info?id=hello%3A1`)
  writeFileSync(`/proc/${server.pid()}/clear_refs`, '5') // the peak begins anew
  const sockets: Socket[] = []
  const attacking: Attack = {
    url: server.url,
    send(bytes) {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
      sockets.push(socket)
      socket.on('error', () => {}).write(bytes)
      return socket
    },
    metric: (name) => metricOf(server.url, name)
  }

  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  const counts = await attack(attacking)
  const peak = memory('VmHWM')
  for (const socket of sockets) socket.destroy()
  await eventually(async () => (await recovered(attacking)) || undefined, { what: 'the server is as before' })
  const others = await bystander.end()
  const afterwards = memory('VmRSS')

  const figures = { ...counts, memory: `${before} MiB before, ${peak} at most, ${afterwards} afterwards`, others: JSON.stringify(others) }
  for (const [name, value] of Object.entries(figures)) t.comment(`${name}: ${value}`)
  t.ok(server.output().includes('unexpected error') === false, 'it logged no unexpected error')
  t.equal((await fetch(`${server.url}/health/live`)).status, 200)
  return { peak, afterwards, others }
}

const memoryOf = (pid: number, name: string): number => {
  const [, kB = '0'] = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round((Number(kB) * 1024) / MiB)
}

async function metricOf(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`, { headers: { connection: 'close' } })).text()
  const [, value] = new RegExp(`^${name} (\\S+)$`, 'm').exec(text) ?? []
  if (value === undefined) throw new Error(`there is no metric ${name}`)
  return Number(value)
}

function startBystander(t: Test, url: string): { end(): Promise<Seen> } {
  const worker = new Worker(new URL('./bystander.js', import.meta.url), { workerData: url })
  t.teardown(() => worker.terminate())
  return {
    end: () =>
      new Promise((resolve, reject) => {
        worker.once('message', resolve).once('error', reject)
        worker.postMessage('end')
      })
  }
}

/** What a server answers first. */
export const firstAnswer = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    socket.once('data', (bytes) => resolve(String(bytes).split('\r\n', 1)[0]!))
    socket.once('close', () => resolve('closed'))
  })

/** Counts how often each outcome occurred. */
export const tally = (outcomes: readonly (string | number)[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}
