import t from 'tap'
import type { Engine } from '../../../src/stores/elasticsearch/engine.ts'
import { batchedReads } from '../../../src/stores/elasticsearch/reads.ts'

const watch = { recent: async () => ({ uuid: 'abc', shards: 1 }) } as Parameters<typeof batchedReads>[1]['watch']

/** An engine whose documents all have so many bytes, and how many of them each answer held. */
function engineOf(size: { bytes: number }) {
  const groups: number[] = []
  const engine: Engine = {
    patienceMs: 60_000,
    close: async () => {},
    async send({ body }) {
      const { ids } = JSON.parse(body!) as { ids: string[] }
      groups.push(ids.length)
      const source = JSON.stringify('x'.repeat(size.bytes))
      const docs = ids.map((id) => `{"_id":${JSON.stringify(id)},"found":true,"_seq_no":1,"_primary_term":1,"_source":${source}}`)
      return { status: 200, repeated: false, body: `{"docs":[${docs.join(',')}]}` }
    }
  }
  return { groups, read: batchedReads(engine, { index: 'job_specs', watch }) }
}

const ids = (count: number) => Array.from({ length: count }, (_, i) => `job-${i}`)

t.test('large documents are read a few at a time, however many ask at once', async (t) => {
  const { groups, read } = engineOf({ bytes: 8 * 1024 * 1024 })

  for (let round = 0; round < 2; round++) {
    const sizes = await Promise.all(ids(20).map(async (id) => (await read(id))!.document.length))
    t.ok(sizes.every((size) => size === 8 * 1024 * 1024 + 2))
  }

  t.ok(Math.max(...groups) <= 4, `${groups}`)
})

t.test('small ones are read by the hundred, soon also after large ones', async (t) => {
  const size = { bytes: 8 * 1024 * 1024 }
  const { groups, read } = engineOf(size)
  await Promise.all(ids(8).map(read))

  size.bytes = 1000
  await Promise.all(ids(2000).map(read))

  t.equal(Math.max(...groups), 250, `${groups}`)
})
