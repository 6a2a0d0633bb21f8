import type { ListQuery } from '../../src/stores/document-store.ts'
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
  const ids = async (which: 'facts' | 'tasks', query: ListQuery) => (await walk(stores[which], query)).map(({ id }) => id)

  await t.test('facts come by when they were checked, page by page', async (t) => {
    const sort = { field: 'checked', order: 'asc' } as const

    t.strictSame(await ids('facts', { limit: 2, sort }), ['f1', 'f3', 'f0', 'f4', 'f2'])
    t.strictSame(await ids('facts', { limit: 2, sort: { ...sort, order: 'desc' } }), ['f2', 'f4', 'f0', 'f3', 'f1'])
  })

  await t.test("one container's facts are found", async (t) => {
    t.strictSame(await ids('facts', { limit: 10, where: [{ field: 'container', equals: 'odd:1' }] }), ['f1', 'f3'])
    t.strictSame(await ids('facts', { limit: 10, where: [{ field: 'container', equals: 'none:1' }] }), [])
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
