import type { DocumentQuery, DocumentStore, StoredDocument } from '../../src/stores/document-store.ts'
import type { Open, Tap } from './contract.ts'

/** Something of everything that stands in a live cluster's index, HySDS's records and those that a person wrote. */
function population(): Map<string, string> {
  const documents = new Map<string, string>()
  const add = (id: string, document: unknown) => documents.set(id, JSON.stringify(document))
  for (let i = 0; i < 2200; i++) {
    const id = `job-${i % 2 ? 'b' : 'a'}${String(i).padStart(4, '0')}:v${i % 10}`
    add(id, { id, digest: null, url: `s3://images/${i}`, version: `v${i % 10}` })
  }
  for (let i = 0; i < 100; i++) add(`nameless-${i}`, { url: 'by hand', version: 'v3' })
  for (let i = 0; i < 60; i++) add(`odd-${i}`, i % 2 ? { id: i, version: null } : { id: ['x'], version: 7 })
  for (let i = 0; i < 80; i++) {
    const id = `long-${String(i).padStart(3, '0')}-${'x'.repeat(300)}`
    add(id, { id, version: `v${'9'.repeat(300)}` })
  }
  for (let i = 0; i < 60; i++) add(`alias-${i}`, { id: `another-name-${i % 7}`, version: 'v5' })
  for (const id of ['Zoë:1', 'zoe:1', 'ärger:1', '日本:1', '😀:1', '\uffee:1', 'with space', 'a/b#c?d%e', `quote"'`])
    add(id, { id, version: 'v1' })
  return documents
}

/** Records whose place in a list is certain on every store: with an `id` that is their own, and short enough to sort. */
const isOrdinary = ({ id, document }: StoredDocument) => JSON.parse(document).id === id && id.length <= 256

export async function walk(store: DocumentStore, query: DocumentQuery): Promise<StoredDocument[]> {
  const items: StoredDocument[] = []
  let cursor: string | undefined
  do {
    const page = await store.list(cursor === undefined ? query : { ...query, cursor })
    if (page.items.length > query.limit) throw new Error(`a page of ${page.items.length} where ${query.limit} were asked for`)
    items.push(...page.items)
    cursor = page.next
  } while (cursor !== undefined)
  return items
}

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
const idsOf = (items: readonly StoredDocument[]) => items.map(({ id }) => id)

export async function listsContract(t: Tap, open: Open): Promise<void> {
  const { stores, settle } = await open(t)
  const store = stores.containers

  await t.test('an empty collection has one empty page and no ids', async (t) => {
    t.strictSame(await store.list({ limit: 10 }), { items: [] })
    t.strictSame(await store.list({ limit: 10, sort: { field: 'version', order: 'desc' } }), { items: [] })
    for await (const batch of store.ids()) t.strictSame(batch, [])
    await store.refresh() // nothing to show is no fault
  })

  const documents = population()
  await Promise.all([...documents].map(([id, document]) => store.put(id, document)))
  await settle()
  const everyId = [...documents.keys()].sort(byBytes)

  await t.test('pages of any size give every document once', async (t) => {
    for (const limit of [7, 997]) {
      const items = await walk(store, { limit })

      t.strictSame(idsOf(items).sort(byBytes), everyId, `pages of ${limit}`)
      t.ok(
        items.every(({ id, document }) => documents.get(id) === document),
        'each as it was stored'
      )
    }
  })

  await t.test('an item of a list is what get answers', async (t) => {
    const { items } = await store.list({ limit: 3 })

    t.strictSame(items, await store.getMany(idsOf(items)))
  })

  await t.test('without a sort the order is that of ids by bytes', async (t) => {
    const ordinary = idsOf((await walk(store, { limit: 1000 })).filter(isOrdinary))

    t.strictSame(ordinary, [...ordinary].sort(byBytes))
  })

  await t.test('lists are sorted both ways, equal values by id', async (t) => {
    for (const field of ['version', 'id']) {
      for (const order of ['asc', 'desc'] as const) {
        for (const limit of [97, 997]) {
          const items = await walk(store, { limit, sort: { field, order } })
          const ordinary = items.filter(isOrdinary).map(({ id, document }) => ({ id, value: JSON.parse(document)[field] as string }))

          t.strictSame(idsOf(items).sort(byBytes), everyId, `every document once, by ${field} ${order}, pages of ${limit}`)
          const direction = order === 'asc' ? 1 : -1
          const sorted = [...ordinary].sort((a, b) => direction * byBytes(a.value, b.value) || byBytes(a.id, b.id))
          t.strictSame(ordinary, sorted, `in order, by ${field} ${order}, pages of ${limit}`)
        }
      }
    }
  })

  await filtersContract(t, store, documents)

  await t.test('a scan tells every id with its revision and the fields that were asked for', async (t) => {
    const found = new Map<string, { revision: string; values: string[] }>()
    for await (const batch of store.scan([])) for (const { id, ...rest } of batch) found.set(id, rest)

    t.strictSame([...found.keys()].sort(byBytes), everyId)
    const some = everyId.filter((_, i) => i % 50 === 0)
    for (const stored of await store.getMany(some))
      t.strictSame(found.get(stored!.id), { revision: stored!.revision, values: [] }, stored!.id)
  })

  await t.test('a cursor that no list gave, or one of another list, is refused', async (t) => {
    const query: DocumentQuery = { limit: 5, sort: { field: 'version', order: 'asc' }, where: [{ field: 'version', equals: 'v3' }] }
    const cursor = (await store.list(query)).next!

    t.ok((await store.list({ ...query, limit: 9, cursor })).items.length > 0, 'the size of the page may change')
    for (const garbage of [
      '',
      'x',
      '%',
      'e30',
      'W10',
      'bnVsbA',
      cursor.slice(0, -5),
      `${cursor.slice(0, -6)}AAAAAA`,
      '😀',
      'A'.repeat(10_000)
    ]) {
      await t.rejects(store.list({ ...query, cursor: garbage }), { code: 'cursor_invalid' }, garbage.slice(0, 40))
    }
    await t.rejects(store.list({ limit: 5, cursor }), { code: 'cursor_invalid' })
    await t.rejects(store.list({ ...query, sort: { field: 'version', order: 'desc' }, cursor }), { code: 'cursor_invalid' })
    await t.rejects(store.list({ ...query, sort: { field: 'id', order: 'asc' }, cursor }), { code: 'cursor_invalid' })
    await t.rejects(store.list({ ...query, where: [{ field: 'version', equals: 'v4' }], cursor }), { code: 'cursor_invalid' })
    await t.rejects(stores.jobSpecs.list({ ...query, cursor }), { code: 'cursor_invalid' })
  })

  await t.test('after a refresh, lists show what was written a moment ago', async (t) => {
    await store.put('just-now', '{"id": "just-now"}')
    await store.refresh()
    const query = { where: [{ field: 'id', equals: 'just-now' }], limit: 10 }
    const shown = idsOf(await walk(store, query))
    await store.remove('just-now')
    await store.refresh()

    t.strictSame(shown, ['just-now'])
    t.strictSame(await walk(store, query), [])
  })

  await t.test('every id comes once, in batches', async (t) => {
    const ids: string[] = []
    for await (const batch of store.ids()) ids.push(...batch)

    t.strictSame(ids.sort(byBytes), everyId)
  })

  await t.test('whoever stops reading ids early leaves nothing behind', async (t) => {
    for await (const batch of store.ids()) {
      t.ok(batch.length > 0)
      break
    }
    t.strictSame(await stores.health(), { ok: true })
  })

  await t.test('a record that is written between two pages comes once, and none is lost with it', async (t) => {
    for (const sort of [undefined, { field: 'id', order: 'desc' }, { field: 'version', order: 'asc' }] as const) {
      const query: DocumentQuery = { limit: 7, where: [{ field: 'id', glob: 'job-a00*' }], ...(sort && { sort }) }
      const items: StoredDocument[] = []
      let cursor: string | undefined
      do {
        const page = await store.list(cursor === undefined ? query : { ...query, cursor })
        items.push(...page.items)
        cursor = page.next
        const last = page.items.at(-1)
        if (last) await store.put(last.id, last.document)
        await settle()
      } while (cursor !== undefined)

      t.strictSame(
        idsOf(items).sort(byBytes),
        everyId.filter((id) => id.startsWith('job-a00')),
        `by ${sort?.field}`
      )
    }
  })

  await t.test('while others write and remove, what stands unchanged shows exactly once', async (t) => {
    const standing = everyId.filter((_, i) => i % 2 === 0)
    const moving = everyId.filter((_, i) => i % 2 === 1)
    for (const sort of [undefined, { field: 'version', order: 'asc' }, { field: 'id', order: 'desc' }] as const) {
      let ended = false
      const disturb = async () => {
        for (let i = 0; !ended; i = (i + 10) % moving.length) {
          const some = moving.slice(i, i + 10)
          await Promise.all(
            some.map((id, j) => (j % 3 ? store.put(id, `{"id":"moved ${i}","version":"v${(i + j) % 10}"}`) : store.remove(id)))
          )
          await Promise.all(some.map((_, j) => store.put(`new-${i}-${j}`, `{"id":"new-${i}-${j}","version":"v${j}"}`)))
          await settle()
        }
      }
      const disturbed = disturb()
      const items = await walk(store, sort ? { limit: 53, sort } : { limit: 53 }).finally(() => {
        ended = true
      })
      await disturbed

      const seen = new Map<string, number>()
      for (const { id } of items) seen.set(id, (seen.get(id) ?? 0) + 1)
      const wrong = standing.filter((id) => seen.get(id) !== 1)
      t.strictSame(wrong, [], `none missed, none repeated, ${sort ? `by ${sort.field} ${sort.order}` : 'unsorted'}`)
    }
  })
}

async function filtersContract(t: Tap, store: DocumentStore, documents: ReadonlyMap<string, string>): Promise<void> {
  const where = (meets: (document: Record<string, unknown>) => boolean) =>
    [...documents].flatMap(([id, document]) => (meets(JSON.parse(document)) ? [id] : [])).sort(byBytes)
  const text = (value: unknown) => (typeof value === 'string' ? value : '')
  const longVersion = `v${'9'.repeat(300)}`
  const longId = `long-007-${'x'.repeat(300)}`
  const cases: [string, NonNullable<DocumentQuery['where']>, (document: Record<string, unknown>) => boolean][] = [
    ['equal to a value', [{ field: 'version', equals: 'v3' }], ({ version }) => version === 'v3'],
    ['equal to a value longer than 256 characters', [{ field: 'version', equals: longVersion }], ({ version }) => version === longVersion],
    ['equal in a field that is not sorted by', [{ field: 'url', equals: 's3://images/77' }], ({ url }) => url === 's3://images/77'],
    ['equal, and upper case is another', [{ field: 'id', equals: 'ZOE:1' }], () => false],
    ['equal to nothing that is there', [{ field: 'version', equals: 'v' }], () => false],
    ['equal to a number written as text', [{ field: 'id', equals: '1' }], () => false],
    ['a glob', [{ field: 'id', glob: 'job-a*:v4' }], ({ id }) => /^job-a.*:v4$/.test(text(id))],
    ['a glob of single characters', [{ field: 'id', glob: 'job-b000?:v?' }], ({ id }) => /^job-b000.:v.$/.test(text(id))],
    ['a glob in the middle', [{ field: 'id', glob: '*b01*' }], ({ id }) => text(id).includes('b01')],
    ['a glob that finds long values', [{ field: 'id', glob: 'long-00*' }], ({ id }) => text(id).startsWith('long-00')],
    ['a glob without a star', [{ field: 'id', glob: longId }], ({ id }) => id === longId],
    ['a glob with characters that mean something elsewhere', [{ field: 'id', glob: 'a/b#[c]*' }], () => false],
    ['a glob with a slash and a hash', [{ field: 'id', glob: '?/b#c*%e' }], ({ id }) => id === 'a/b#c?d%e'],
    ['a star: every text, no number, no absence', [{ field: 'id', glob: '*' }], ({ id }) => typeof id === 'string'],
    [
      'several conditions at once',
      [
        { field: 'version', equals: 'v5' },
        { field: 'id', glob: 'another-*' }
      ],
      ({ version, id }) => version === 'v5' && text(id).startsWith('another-')
    ],
    [
      'one of several',
      [
        {
          any: [
            { field: 'id', equals: 'zoe:1' },
            { field: 'version', equals: 'v5' },
            { field: 'url', glob: '*/images/77' }
          ]
        },
        { field: 'id', glob: '*:*' }
      ],
      ({ id, version, url }) => text(id).includes(':') && (id === 'zoe:1' || version === 'v5' || text(url).endsWith('/images/77'))
    ],
    ['one of none', [{ any: [] }], () => false],
    [
      'a glob of more wildcards than engines like',
      [{ field: 'id', glob: '*o*?*-*?a*0*:?*' }],
      ({ id }) => /o.*.-.*.a.*0.*:./su.test(text(id))
    ],
    ['a field that no document has', [{ field: 'nowhere', glob: '*' }], () => false]
  ]
  for (const [what, conditions, meets] of cases) {
    await t.test(`lists are filtered: ${what}`, async (t) => {
      const expected = where(meets)

      t.strictSame(idsOf(await walk(store, { limit: 50, where: conditions })).sort(byBytes), expected)
      const sorted = await walk(store, { limit: 31, where: conditions, sort: { field: 'version', order: 'desc' } })
      t.strictSame(idsOf(sorted).sort(byBytes), expected, 'sorted as well')
    })
  }
}
