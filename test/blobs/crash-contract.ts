import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { collect, digestOf, drain, from, many, sha256, someBytes } from './bytes.ts'
import type { Place, Subject } from './contract.ts'
import { leavesNothing } from './leavings.ts'

const mega = 1024 * 1024
const child = fileURLToPath(new URL('./child.js', import.meta.url))

const start = (place: Place, task: string): ChildProcess =>
  spawn(process.execPath, [child, JSON.stringify(place.description), task], { stdio: ['ignore', 'pipe', 'inherit'] })

/** Runs a task until it has said so many lines, and kills it in the middle of what follows. */
async function killAfter(place: Place, { task, lines }: { task: string; lines: number }): Promise<number> {
  const running = start(place, task)
  let said = 0
  for await (const _ of createInterface({ input: running.stdout! })) if (++said >= lines) break
  running.kill('SIGKILL')
  if (running.exitCode === null && running.signalCode === null) await once(running, 'exit')
  return said
}

export function crashContract({ name, place }: Subject): void {
  t.test(`${name}: kill -9 in the middle of a put shows nothing, and what it leaves is named and can be removed`, async (t) => {
    const here = await place()
    const store = await here.open()
    await store.put('killed/beside', from('kept'))

    for (const lines of [1, 12, 40]) await killAfter(here, { task: 'put', lines })

    const future = new Date(Date.now() + 60_000)
    t.equal(await store.head('killed/blob'), undefined)
    const left = await collect(store.leftovers({ before: future }))
    t.ok(left.length > 0)
    for (const leftover of left) t.match(leftover, { name: /./, what: /./, modified: Date })
    t.same(await collect(store.leftovers({ before: new Date(0) })), [], 'what is young may still be under way')
    t.strictSame(await collect(store.leftovers({ before: future, remove: true })), left)
    await leavesNothing(t, store)
    t.equal(String(await drain((await store.get('killed/beside'))!)), 'kept')
  })

  t.test(`${name}: kill -9 among replacements leaves one of them whole`, async (t) => {
    for (const lines of [1, 3, 6]) {
      const here = await place()
      const acknowledged = await killAfter(here, { task: 'replace', lines })
      const store = await here.open()

      const got = (await store.get('killed/blob'))!

      t.ok(got.size >= 3 * mega + acknowledged, 'what was acknowledged is there, or what came after it')
      t.equal(await digestOf(got.stream), got.sha256)
      await collect(store.leftovers({ before: new Date(Date.now() + 60_000), remove: true }))
      t.equal(await digestOf((await store.get('killed/blob'))!.stream), got.sha256, 'tidying up harms no blob')
      await leavesNothing(t, store)
    }
  })

  t.test(`${name}: an upload that was killed goes on from what it had kept`, async (t) => {
    const here = await place()
    await killAfter(here, { task: 'append', lines: 90 })
    const store = await here.open()

    const [upload] = await collect(store.uploads.list())
    t.match(upload, { note: 'killed' })
    const { id, offset } = upload!
    t.ok(offset >= 32 * mega, `${offset} bytes were kept`)
    t.same(await collect(store.leftovers({ before: new Date(Date.now() + 60_000) })), [], 'an upload is not a leftover')
    await store.uploads.append({ id, at: offset, source: from('the end') })
    const put = await store.uploads.finish(id, { key: 'resumed' })

    t.equal(put.size, offset + 7)
    t.equal(await digestOf((await store.get('resumed'))!.stream), put.sha256)
    t.equal(await digestOf((await store.get('resumed', { range: { first: 0, last: offset - 1 } }))!.stream), await digestOf(many(offset)))
    await leavesNothing(t, store)
  })

  t.test(`${name}: memory does not grow with a blob`, async (t) => {
    const measuring = start(await place(), 'measure')

    const lines = await collect(createInterface({ input: measuring.stdout! }))

    const { digest, before, after } = JSON.parse(lines[0] ?? '{}')
    t.equal(digest, await digestOf(many(150 * mega)))
    t.ok(after - before < 160 * mega, `${Math.round((after - before) / mega)} MB more for two blobs of 150 MB`)
  })

  t.test(`${name}: a blob of many parts comes back`, async (t) => {
    const store = await (await place()).open()
    const bytes = someBytes(41 * mega)

    const put = await store.put('parts', from(bytes, 300_001), { expected: { sha256: sha256(bytes), size: bytes.length } })

    t.equal(await digestOf((await store.get('parts'))!.stream), put.sha256)
  })
}
