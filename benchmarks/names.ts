import { performance } from 'node:perf_hooks'
import { ask as askEngine, type Engine } from '../test/support/engines.ts'
import type { Leporello } from '../test/support/leporello.ts'
import { memoryMb } from './load.ts'

const count = 100_000
const bulkSize = 5000
const repeats = 5

const idOf = (i: number) => `many/centos-image-${String(i >> 1).padStart(5, '0')}:${i % 2}`

/** Registers images as a builder does, which takes minutes. */
export async function registerNames(server: Leporello): Promise<void> {
  const add = async (id: string) => {
    const body = new URLSearchParams({ name: id, version: '1', digest: 'sha256:1', url: `s3://bucket/${id}` })
    const reply = await fetch(`${server.url}/api/v0.1/container/add`, { method: 'POST', body })
    if (!reply.ok) throw new Error(`${id}: ${await reply.text()}`)
  }
  for (let from = 0; from < count; from += 64) {
    await Promise.all(Array.from({ length: Math.min(64, count - from) }, (_, i) => add(idOf(from + i))))
  }
}

/** Writes them into the engine as another program would. */
export async function writeNames(engine: Engine): Promise<void> {
  for (let from = 0; from < count; from += bulkSize) {
    const lines = Array.from({ length: bulkSize }, (_, i) => {
      const id = idOf(from + i)
      return `${JSON.stringify({ index: { _id: id } })}\n${JSON.stringify({ id, version: '1', digest: 'sha256:1', url: `s3://bucket/${id}` })}\n`
    })
    const reply = await fetch(`${engine.url}/containers/_bulk`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: lines.join('')
    })
    const { errors } = (await reply.json()) as { errors?: boolean }
    if (!reply.ok || errors) throw new Error(`the engine refused a batch: ${reply.status}`)
  }
  await askEngine(engine, ['POST', '/containers/_refresh'])
}

/** Asks for all names, one list after the other. */
export async function measureNames(server: Leporello): Promise<void> {
  const before = memoryMb(server.pid())
  for (let i = 0; i < repeats; i++) {
    const started = performance.now()
    const reply = await fetch(`${server.url}/api/v1/image-list?format=names`)
    if (!reply.ok || !reply.body) throw new Error(await reply.text())
    let first = 0
    let lines = 0
    for await (const piece of reply.body) {
      if (first === 0) first = performance.now() - started
      for (const byte of piece) if (byte === 10) lines++
    }
    const took = performance.now() - started
    console.log(`  names of ${count} containers: ${lines} lines, first byte ${first.toFixed(0)} ms, whole ${took.toFixed(0)} ms`)
  }
  const after = memoryMb(server.pid())
  console.log(`  resident memory: ${before.now} MB before, ${after.now} MB after, ${after.peak} MB at most`)
}
