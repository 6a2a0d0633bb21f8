import t from 'tap'
import { createGrowingBlob } from '../../../src/catalogue/oci/growing-blob.ts'

const mebibyte = 1024 * 1024
/** Each is filled with its number. */
const pieces = (count: number) => Array.from({ length: count }, (_, i) => Buffer.alloc(mebibyte, i))

/** A blob whose bytes arrive when the test says so, and what a store has of it. */
function arriving(count: number) {
  const blob = createGrowingBlob(count * mebibyte, () => 16 * mebibyte)
  const stored: Buffer[] = []
  const bytes = blob.shown(
    (async function* () {
      yield* pieces(count)
    })()
  )
  const asked: number[] = []
  return {
    blob,
    /** The positions from which readers went on in the store. */
    asked,
    async arrive(more: number) {
      for (let i = 0; i < more; i++) stored.push((await bytes.next()).value as Buffer)
    },
    read: () =>
      blob.read(async function* (first) {
        asked.push(first)
        yield Buffer.concat(stored).subarray(first)
      })
  }
}

async function rest(reader: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of reader) chunks.push(chunk)
  return Buffer.concat(chunks)
}

t.test('readers get bytes as they come, and the end when it is proven', async (t) => {
  const { blob, arrive, read, asked } = arriving(3)
  const [early, late] = [read(), read()]
  t.notOk(blob.isGrowing())
  await arrive(1)
  await blob.begun

  const first = await early.next()
  await arrive(2)
  const second = await early.next()
  let isOver = false
  const end = rest(early).finally(() => {
    isOver = true
  })
  const whole = rest(late)
  await new Promise((resolve) => setImmediate(resolve))
  const waited = !isOver
  blob.succeed()

  t.strictSame([first.value?.[0], second.value?.[0]], [0, 1])
  t.ok(waited, 'the last bytes wait for the digest')
  t.strictSame((await end)[0], 2)
  t.ok((await whole).equals(Buffer.concat(pieces(3))))
  t.strictSame(asked, [2 * mebibyte, 2 * mebibyte])
  t.notOk(blob.isGrowing(), 'the store has it')
})

t.test('one that falls behind goes on in the store, and holds nobody up', async (t) => {
  const { blob, arrive, read, asked } = arriving(40)
  const slow = read()
  await arrive(2)
  await slow.next()
  await arrive(38)

  const whole = rest(slow)
  blob.succeed()

  t.equal((await whole).length, 39 * mebibyte)
  t.strictSame(asked, [mebibyte])
})

t.test('all of them fail with the storing', async (t) => {
  const { blob, arrive, read } = arriving(3)
  const reader = read()
  await arrive(1)
  await reader.next()
  const waiting = rest(reader)

  blob.fail(new Error('the disk is full'))

  await t.rejects(waiting, { message: 'the disk is full' })
  await t.rejects(rest(read()), { message: 'the disk is full' })
  await t.rejects(blob.stored, { message: 'the disk is full' })
})
