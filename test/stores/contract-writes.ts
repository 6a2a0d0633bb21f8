import type { CatalogueError } from '../../src/domain/errors.ts'
import type { Open, Tap } from './contract.ts'

const form = /^[^.]{8}\.\d+\.\d+$/

export async function writesContract(t: Tap, open: Open): Promise<void> {
  const { stores } = await open(t)
  const store = stores.containers

  await t.test('putting creates, then replaces the whole document, each time with a new revision', async (t) => {
    const first = await store.put('a', '{"id":"a","n":1,"gone":true}')
    const second = await store.put('a', '{"id":"a","n":2}')

    t.equal(first.created, true)
    t.equal(second.created, false)
    t.match(first.revision, form)
    t.not(first.revision, second.revision)
    t.strictSame(await store.get('a'), { id: 'a', document: '{"id":"a","n":2}', revision: second.revision })
  })

  await t.test('the same document put again gets a new revision', async (t) => {
    const first = await store.put('again', '{}')
    const second = await store.put('again', '{}')

    t.not(first.revision, second.revision)
  })

  await t.test('create-only refuses to replace', async (t) => {
    const { created } = await store.put('once', '{"n":1}', { absent: true })

    t.equal(created, true)
    await t.rejects(store.put('once', '{"n":2}', { absent: true }), { code: 'already_exists' })
    t.equal((await store.get('once'))?.document, '{"n":1}')
    await store.remove('once')
    t.equal((await store.put('once', '{"n":3}', { absent: true })).created, true, 'after a removal there is none')
  })

  await t.test('a write that missed another write is refused', async (t) => {
    const first = await store.put('swap', '{"n":1}')

    const second = await store.put('swap', '{"n":2}', { revision: first.revision })

    t.equal(second.created, false)
    await t.rejects(store.put('swap', '{"n":3}', { revision: first.revision }), { code: 'revision_conflict' })
    await t.rejects(store.remove('swap', { revision: first.revision }), { code: 'revision_conflict' })
    t.equal((await store.get('swap'))?.document, '{"n":2}')
    t.equal(await store.remove('swap', { revision: second.revision }), true)
    t.equal(await store.get('swap'), undefined)
  })

  await t.test('a revision says nothing about another document, nor about one that is not there', async (t) => {
    const { revision } = await store.put('mine', '{}')
    await store.put('other', '{}')

    await t.rejects(store.put('other', '{}', { revision }), { code: 'revision_conflict' })
    await t.rejects(store.put('nobody', '{}', { revision }), { code: 'revision_conflict' })
    await t.rejects(store.remove('nobody', { revision }), { code: 'revision_conflict' })
    t.equal(await store.get('nobody'), undefined)
  })

  await t.test('a text that never was a revision conflicts', async (t) => {
    await store.put('mine', '{}')

    for (const revision of ['', 'x', '0', '1.1', 'aaaaaaaa.0.1', 'aaaaaaaa.99999999999999999999.1', '"', 'a.b.c']) {
      await t.rejects(store.put('mine', '{}', { revision }), { code: 'revision_conflict' }, JSON.stringify(revision))
      await t.rejects(store.remove('mine', { revision }), { code: 'revision_conflict' })
    }
  })

  await t.test('a revision never comes back, not after removing and creating either', async (t) => {
    const seen = new Set<string>()
    for (let round = 0; round < 5; round++) {
      const { revision } = await store.put('phoenix', '{"same":true}')
      seen.add(revision)
      await store.remove('phoenix')
    }
    await store.put('phoenix', '{"same":true}')

    t.equal(seen.size, 5)
    for (const revision of seen) await t.rejects(store.put('phoenix', '{}', { revision }), { code: 'revision_conflict' })
  })

  await t.test('removing answers whether there was one', async (t) => {
    await store.put('short-lived', '{}')

    t.equal(await store.remove('short-lived'), true)
    t.equal(await store.remove('short-lived'), false)
  })

  await t.test('200 at once, of different ids, do not disturb each other', async (t) => {
    const ids = Array.from({ length: 200 }, (_, i) => `crowd-${i}`)
    const put = await Promise.all(ids.map((id) => store.put(id, `{"id":"${id}"}`)))
    const [found, removed] = await Promise.all([
      Promise.all(ids.map((id) => store.get(id))),
      Promise.all(ids.map((id) => store.remove(`not-${id}`)))
    ])

    t.strictSame(
      found,
      ids.map((id, i) => ({ id, document: `{"id":"${id}"}`, revision: put[i]!.revision }))
    )
    t.ok(removed.every((one) => one === false))
  })

  await t.test('each caller gets its own answer, and a refused one harms no neighbour', async (t) => {
    const { revision } = await store.put('stale', '{"n":1}')
    await store.put('stale', '{"n":2}')
    const good = Array.from({ length: 20 }, (_, i) => store.put(`neighbour-${i}`, `{"n":${i}}`))
    const refusals = [
      store.put('broken', '{"a":'),
      store.put('stale', '{"n":3}', { absent: true }),
      store.put('stale', '{"n":4}', { revision }),
      store.put('..', '{}'),
      store.put('y'.repeat(513), '{}'),
      store.remove('stale', { revision })
    ]
    const more = Array.from({ length: 20 }, (_, i) => store.put(`neighbour-${i + 20}`, `{"n":${i + 20}}`))

    const codes = (await Promise.allSettled(refusals)).map((one) =>
      one.status === 'rejected' ? (one.reason as CatalogueError).code : 'none'
    )
    const answers = await Promise.all([...good, ...more])

    t.strictSame(codes, ['document_refused', 'already_exists', 'revision_conflict', 'id_invalid', 'id_invalid', 'revision_conflict'])
    t.ok(answers.every(({ created }) => created))
    const found = await store.getMany(answers.map((_, i) => `neighbour-${i}`))
    t.strictSame(
      found.map((stored) => stored?.document),
      answers.map((_, i) => `{"n":${i}}`)
    )
    t.equal((await store.get('stale'))?.document, '{"n":2}')
  })

  await t.test('of 64 that swap the same revision exactly one wins', async (t) => {
    let { revision } = await store.put('prize', '{"round":0}')
    for (let round = 1; round <= 5; round++) {
      const writers = Array.from({ length: 64 }, (_, i) => store.put('prize', `{"round":${round},"writer":${i}}`, { revision }))

      const ended = await Promise.allSettled(writers)

      const winners = ended.flatMap((one, i) => (one.status === 'fulfilled' ? [i] : []))
      const losers = ended.flatMap((one) => (one.status === 'rejected' ? [(one.reason as CatalogueError).code] : []))
      const stored = await store.get('prize')
      t.equal(winners.length, 1)
      t.ok(losers.every((code) => code === 'revision_conflict'))
      t.equal(stored?.document, `{"round":${round},"writer":${winners[0]}}`)
      revision = stored!.revision
    }
  })

  await t.test('of 64 that create the same id exactly one does', async (t) => {
    const ended = await Promise.allSettled(Array.from({ length: 64 }, (_, i) => store.put('cradle', `{"writer":${i}}`, { absent: true })))

    t.equal(ended.filter((one) => one.status === 'fulfilled').length, 1)
    t.ok(ended.every((one) => one.status === 'fulfilled' || one.reason.code === 'already_exists'))
  })

  await t.test('16 that each add one, trying again at a conflict, lose nothing', async (t) => {
    await store.put('sum', '{"n":0}')
    const addOne = async (): Promise<void> => {
      for (;;) {
        const { document, revision } = (await store.get('sum'))!
        try {
          await store.put('sum', `{"n":${JSON.parse(document).n + 1}}`, { revision })
          return
        } catch (error) {
          if ((error as CatalogueError).code !== 'revision_conflict') throw error
        }
      }
    }

    await Promise.all(Array.from({ length: 16 }, addOne))

    t.equal((await store.get('sum'))?.document, '{"n":16}')
  })
}
