import t from 'tap'
import { broken, collect, drain, from, many, sha256, someBytes } from './bytes.ts'
import type { Subject } from './contract.ts'
import { leavesNothing } from './leavings.ts'

const mega = 1024 * 1024

export function putContract({ name, place }: Subject): void {
  const open = async () => (await place()).open()

  t.test(`${name}: what was put is what is got, with its size and its digest`, async (t) => {
    const store = await open()
    for (const size of [0, 1, 65_536, 5 * mega + 3, 8 * mega, 20 * mega + 1]) {
      const bytes = someBytes(size)

      const put = await store.put('a/blob', from(bytes))

      t.strictSame(put, { key: 'a/blob', size, sha256: sha256(bytes), created: size === 0 })
      const got = await store.get('a/blob')
      t.match(got, { key: 'a/blob', size, sha256: sha256(bytes), first: 0, last: size - 1 })
      t.ok((await drain(got!)).equals(bytes), `${size} bytes are the same`)
      t.match(await store.head('a/blob'), { key: 'a/blob', size, sha256: sha256(bytes) })
    }
    await leavesNothing(t, store)
  })

  t.test(`${name}: a key may be chosen when the digest is known`, async (t) => {
    const store = await open()
    for (const size of [10, 20 * mega]) {
      const put = await store.put(({ sha256, size }) => `by/${sha256.slice(0, 12)}/${size}`, from(someBytes(size)))

      t.equal(put.key, `by/${sha256(someBytes(size)).slice(0, 12)}/${size}`)
      t.match(await store.head(put.key), { size, sha256: put.sha256 })
    }
    await t.rejects(
      store.put(() => '../out', from('x')),
      { code: 'key_invalid' }
    )
    await leavesNothing(t, store)
  })

  t.test(`${name}: bytes that are not the expected ones are not stored`, async (t) => {
    const store = await open()
    await store.put('kept', from('old'))
    for (const size of [100, 20 * mega]) {
      const bytes = someBytes(size)
      const right = { sha256: sha256(bytes), size }

      await t.rejects(store.put('wrong', from(bytes), { expected: { sha256: sha256('other') } }), { code: 'digest_mismatch' })
      await t.rejects(store.put('wrong', from(bytes), { expected: { ...right, size: size + 1 } }), { code: 'size_mismatch' })
      await t.rejects(store.put('wrong', from(bytes), { expected: { ...right, size: size - 1 } }), { code: 'size_mismatch' })
      await t.rejects(store.put('kept', from(bytes), { expected: { sha256: sha256('other') } }), { code: 'digest_mismatch' })

      t.equal(await store.head('wrong'), undefined)
      t.match(await store.put('right', from(bytes), { expected: { ...right, sha256: right.sha256.toUpperCase() } }), right)
    }
    t.equal(String(await drain((await store.get('kept'))!)), 'old')
    await leavesNothing(t, store)
  })

  t.test(`${name}: a source that is longer than expected is not read to its end`, async (t) => {
    const store = await open()
    let sent = 0
    const endless = many(Number.MAX_SAFE_INTEGER, (at) => {
      sent = at
    })

    await t.rejects(store.put('endless', endless, { expected: { size: mega } }), { code: 'size_mismatch' })

    t.ok(sent < 2 * mega)
    await leavesNothing(t, store)
  })

  t.test(`${name}: a source that breaks off at any moment leaves nothing, and its error reaches the caller`, async (t) => {
    const store = await open()
    await store.put('kept', from('old'))
    const error = new Error('connection reset')
    for (const size of [0, 1, mega, 8 * mega, 8 * mega + 1, 17 * mega, 33 * mega]) {
      for (const key of ['kept', 'new']) await t.rejects(store.put(key, broken(many(size), error)), error)
      await t.rejects(store.put('new', broken(many(size), error), { expected: { sha256: sha256('x') } }), error)
    }

    t.equal(await store.head('new'), undefined)
    t.equal(String(await drain((await store.get('kept'))!)), 'old')
    await leavesNothing(t, store)
  })

  t.test(`${name}: of eight who add at once, one wins`, async (t) => {
    const store = await open()
    for (const size of [10, 9 * mega]) {
      const key = `race/${size}`
      const runs = await Promise.allSettled(
        Array.from({ length: 8 }, (_, i) => store.put(key, from(someBytes(size, i + 1)), { onlyIfAbsent: true }))
      )

      const winners = runs.flatMap((run) => (run.status === 'fulfilled' ? [run.value] : []))
      t.equal(winners.length, 1, `one of eight with ${size} bytes`)
      t.match(winners[0], { created: true })
      for (const run of runs) if (run.status === 'rejected') t.match(run.reason, { code: 'already_exists' })
      t.equal(sha256(await drain((await store.get(key))!)), winners[0]?.sha256)
    }
    await t.rejects(store.put('race/10', from('late'), { onlyIfAbsent: true }), { code: 'already_exists' })
    await leavesNothing(t, store)
  })

  t.test(`${name}: of eight who replace at once, one whole blob stays`, async (t) => {
    const store = await open()

    await Promise.all(Array.from({ length: 8 }, (_, i) => store.put('race', from(someBytes(mega, i + 1)))))

    const got = (await store.get('race'))!
    t.equal(sha256(await drain(got)), got.sha256)
    await leavesNothing(t, store)
  })

  t.test(`${name}: who has begun reading keeps the old bytes, over a replacement and a removal`, async (t) => {
    const store = await open()
    const [old, next] = [someBytes(4 * mega, 1), someBytes(4 * mega, 2)]
    await store.put('blob', from(old))
    const first = (await store.get('blob'))!

    t.match(await store.put('blob', from(next)), { created: false })
    const second = (await store.get('blob'))!
    t.equal(await store.remove('blob'), true)

    t.ok((await drain(first)).equals(old))
    t.ok((await drain(second)).equals(next))
    t.equal(await store.get('blob'), undefined)
    t.equal(await store.remove('blob'), false)
    await leavesNothing(t, store)
  })

  t.test(`${name}: a reader beside writers gets one of the blobs whole`, async (t) => {
    const store = await open()
    await store.put('busy', from(someBytes(300_000, 1)))
    let writing = true
    const writers = (async () => {
      for (let i = 2; i < 22; i++) await store.put('busy', from(someBytes(300_000, i)))
      writing = false
    })()

    let reads = 0
    while (writing) {
      const got = (await store.get('busy'))!
      const bytes = await drain(got)
      if (sha256(bytes) !== got.sha256 || bytes.length !== 300_000) t.fail('a blob in parts')
      reads++
    }

    await writers
    t.ok(reads > 0)
    await leavesNothing(t, store)
  })

  t.test(`${name}: keys with odd characters are kept to the letter`, async (t) => {
    const store = await open()
    const keys = [
      'container-hello:v1.0.0/a b.tar.gz',
      'per%20cent/100%',
      'h#sh/q?uery&x=y+z',
      'ünïcode/容器/🙂.tar',
      'quotes/\'"`<>|*$!;()[]{}^~@,',
      'back\\slash/x',
      ' leading/trailing ',
      '-dash/--',
      '.hidden/..two/...',
      `long/${'ä'.repeat(127)}`
    ]
    for (const key of keys) await store.put(key, from(key))

    for (const key of keys) t.equal(String(await drain((await store.get(key))!)), key)
    t.same(
      (await store.list({ limit: 100 })).items.map(({ key }) => key),
      [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    )
    for (const key of keys) t.equal(await store.remove(key), true)
    t.same((await store.list({ limit: 100 })).items, [])
    t.same(await collect(store.leftovers({ before: new Date(Date.now() + 1000) })), [])
  })

  t.test(`${name}: keys that could lead elsewhere are refused by every method`, async (t) => {
    const store = await open()
    const keys = ['', '/', '/a', 'a/', 'a//b', '.', '..', 'a/../b', 'a/./b', 'a\0b', 'a\nb', '\ud800', 'a/.leporello', '.leporello/x']
    for (const key of [...keys, 'x'.repeat(256), 'é'.repeat(128), `${'abcdefgh/'.repeat(100)}a`]) {
      const invalid = { code: 'key_invalid' }
      await t.rejects(store.put(key, from('x')), invalid, JSON.stringify(key.slice(0, 20)))
      await t.rejects(store.get(key), invalid)
      await t.rejects(store.head(key), invalid)
      await t.rejects(store.remove(key), invalid)
      await t.rejects(store.presign(key, { seconds: 60 }), invalid)
      if (key !== '') await t.rejects(store.folders.exists(key), invalid)
      await t.rejects(store.folders.make(key), invalid)
    }
  })
}
