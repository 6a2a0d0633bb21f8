import type { DocumentQuery } from '../../src/stores/document-store.ts'
import type { Open, Tap } from './contract.ts'
import { walk } from './contract-lists.ts'

/** The orders and conditions in which our own collections are asked for. */
export async function ownListsContract(t: Tap, open: Open): Promise<void> {
  const { stores, settle } = await open(t)
  const days = ['03', '01', '05', '02', '04'].map((day) => `2026-01-${day}T00:00:00.000Z`)
  const fact = (id: string, checked: string) => JSON.stringify({ id, container: Number(id.slice(1)) % 2 ? 'odd:1' : 'even:1', checked })
  await Promise.all(days.map((checked, i) => stores.facts.put(`f${i}`, fact(`f${i}`, checked))))
  await Promise.all(days.map((due, i) => stores.tasks.put(`t${i}`, JSON.stringify({ id: `t${i}`, kind: 'verify', due }))))
  await settle()
  const ids = async (which: 'facts' | 'tasks', query: DocumentQuery) => (await walk(stores[which], query)).map(({ id }) => id)

  await t.test('facts come by when they were checked, page by page', async (t) => {
    const sort = { field: 'checked', order: 'asc' } as const

    t.strictSame(await ids('facts', { limit: 2, sort }), ['f1', 'f3', 'f0', 'f4', 'f2'])
    t.strictSame(await ids('facts', { limit: 2, sort: { ...sort, order: 'desc' } }), ['f2', 'f4', 'f0', 'f3', 'f1'])
  })

  await t.test("one container's facts are found", async (t) => {
    t.strictSame(await ids('facts', { limit: 10, where: [{ field: 'container', equals: 'odd:1' }] }), ['f1', 'f3'])
    t.strictSame(await ids('facts', { limit: 10, where: [{ field: 'container', equals: 'none:1' }] }), [])
  })

  await t.test('rows are scanned by their fields, absent and long ones as nothing', async (t) => {
    const rows: Record<string, object> = {
      r1: { id: 'r1', revision: 'a.1.1', due: days[0] },
      r2: { id: 'r2', revision: 'a.2.1', due: null },
      r3: { id: 'r3', revision: 'x'.repeat(300) }
    }
    await Promise.all(Object.entries(rows).map(([id, row]) => stores.summaries.put(id, JSON.stringify(row))))
    await settle()
    const found: [string, ...string[]][] = []
    for await (const batch of stores.summaries.scan(['revision', 'due'])) for (const { id, values } of batch) found.push([id, ...values])

    t.strictSame(found.sort(), [
      ['r1', 'a.1.1', days[0]!],
      ['r2', 'a.2.1', ''],
      ['r3', '', '']
    ])
  })

  await t.test('a fresh list shows what was written through the same store, and removed, without waiting', async (t) => {
    const query = { where: [{ field: 'state', equals: 'fresh' }], sort: { field: 'id', order: 'asc' }, limit: 10, fresh: 'own' } as const
    for (let i = 0; i < 5; i++) {
      await stores.summaries.put(`fresh-${i}`, JSON.stringify({ id: `fresh-${i}`, state: 'fresh' }))
      t.equal((await stores.summaries.list(query)).items.length, i + 1)
    }
    await stores.summaries.remove('fresh-2')
    t.strictSame(
      (await Promise.all([stores.summaries.list(query), stores.summaries.list(query)])).map(({ items }) => items.length),
      [4, 4]
    )
  })

  await t.test('rows come in every order with every filter, page by page', async (t) => {
    const row = (i: number) => ({
      id: `row-${i % 10}${i}:v${i % 3}`,
      ...{ name: `row-${i % 10}${i}`, version: `v${i % 3}`, state: i % 2 ? 'partial' : 'complete' },
      ...{
        architectures: i % 4 ? ',amd64,' : ',amd64,arm64,',
        missing: i % 5 ? ',' : ',arm64,',
        verdicts: ',unverified,',
        text: `row v${i % 3}`
      },
      ...{ created: new Date(1e12 + i).toISOString(), updated: new Date(1e12 - i).toISOString() }
    })
    const all = Array.from({ length: 60 }, (_, i) => row(i))
    await Promise.all(all.map((one) => stores.summaries.put(one.id, JSON.stringify(one))))
    await settle()
    const cases: [DocumentQuery['where'], (one: ReturnType<typeof row>) => boolean][] = [
      [
        [
          { field: 'state', equals: 'partial' },
          { field: 'name', glob: 'row-*' }
        ],
        ({ state }) => state === 'partial'
      ],
      [[{ field: 'architectures', glob: '*,arm64,*' }], ({ architectures }) => architectures.includes('arm64')],
      [
        [
          { field: 'missing', glob: '*,arm64,*' },
          { field: 'version', equals: 'v1' }
        ],
        ({ missing, version }) => missing !== ',' && version === 'v1'
      ],
      [
        [
          {
            any: [
              { field: 'id', equals: 'row-00:v0' },
              { field: 'name', equals: 'row-11' }
            ]
          }
        ],
        ({ name }) => name === 'row-00' || name === 'row-11'
      ]
    ]
    for (const field of ['id', 'version', 'created', 'updated'] as const) {
      for (const order of ['asc', 'desc'] as const) {
        for (const [where, meets] of cases) {
          const sign = order === 'asc' ? 1 : -1
          const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
          const sorted = all.filter(meets).sort((a, b) => sign * compare(a[field], b[field]) || compare(a.id, b.id))
          const found = await walk(stores.summaries, { where: where!, sort: { field, order }, limit: 7 })
          t.strictSame(
            found.map(({ id }) => id),
            sorted.map(({ id }) => id),
            `by ${field} ${order}, ${JSON.stringify(where)}`
          )
        }
      }
    }
  })

  await t.test('tasks come by when they are due', async (t) => {
    t.strictSame(await ids('tasks', { limit: 2, sort: { field: 'due', order: 'asc' } }), ['t1', 't3', 't0', 't4', 't2'])
  })

  await t.test('a range of the sorted field is open at both ends, and leaves out what has no such value', async (t) => {
    await stores.facts.put('none', JSON.stringify({ id: 'none', container: 'x' }))
    await stores.facts.put('long', JSON.stringify({ id: 'long', checked: '3'.repeat(300) }))
    await settle()
    const sort = { field: 'checked', order: 'asc' } as const
    const after = { field: 'checked', after: days[1]! }
    const before = { field: 'checked', before: days[2]! }

    t.strictSame(await ids('facts', { limit: 2, sort, where: [after] }), ['f3', 'f0', 'f4', 'f2'])
    t.strictSame(await ids('facts', { limit: 2, sort, where: [before] }), ['f1', 'f3', 'f0', 'f4'])
    t.strictSame(await ids('facts', { limit: 2, sort, where: [after, before] }), ['f3', 'f0', 'f4'])
    t.strictSame(await ids('facts', { limit: 2, sort: { ...sort, order: 'desc' }, where: [after, before] }), ['f4', 'f0', 'f3'])
  })

  await t.test('a fresh list shows what was written before it was asked', async (t) => {
    for (let i = 0; i < 10; i++) {
      await stores.tasks.put(`fresh${i}`, JSON.stringify({ id: `fresh${i}`, due: '2027' }))
      const { items } = await stores.tasks.list({ limit: 100, where: [{ field: 'due', equals: '2027' }], fresh: true })
      t.equal(items.length, i + 1)
    }
  })
}
