import t from 'tap'
import { createOverview } from '../../../src/catalogue/lists/overview.ts'
import { parseArchitecture } from '../../../src/domain/architecture.ts'
import { CatalogueError } from '../../../src/domain/errors.ts'
import type { Scanned } from '../../../src/stores/document-store.ts'
import { eventually } from '../../support/processes.ts'

const rows: readonly string[][] = [
  ['complete', ',match,', ',', ',amd64,arm64,'],
  ['partial', ',match,unverified,', ',arm64,s390x,', ',amd64,'],
  ['degraded', ',mislabelled,', ',arm64,', ',amd64,'],
  ['partial', ',', ',amd64,', ','],
  ['nonsense', ',unverified,', ',', ',']
]
const scanned = rows.map((values, i): Scanned => ({ id: `${i}`, revision: `${i}`, values }))

function parts(scan: () => AsyncIterable<Scanned[]>) {
  return { store: { scan }, summaries: { settled: async () => {} }, now: () => new Date('2026-01-02T03:04:05Z') }
}

async function* allRows() {
  yield scanned.slice(0, 2)
  yield scanned.slice(2)
}

t.test('containers are counted by what their summaries say; one that cannot be understood is not counted', async (t) => {
  const overview = createOverview(parts(allRows))

  const found = await eventually(overview, { what: 'the containers are counted' })

  t.strictSame(found, {
    total: 4,
    states: { complete: 1, partial: 2, degraded: 1 },
    unproven: 1,
    missing: new Map([
      [parseArchitecture('arm64'), 2],
      [parseArchitecture('s390x'), 1],
      [parseArchitecture('amd64'), 1]
    ]),
    architectures: ['amd64', 'arm64'],
    counted: '2026-01-02T03:04:05.000Z'
  })
})

t.test('nobody waits for a long count, and there is one at a time', async (t) => {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  let counts = 0
  const overview = createOverview(
    parts(async function* () {
      counts++
      await opened
      yield* allRows()
    })
  )

  t.strictSame(await Promise.all([overview(), overview()]), [undefined, undefined])
  t.equal(counts, 1)
  open()
  t.equal((await eventually(overview, { what: 'the count is there' })).total, 4)
})

t.test('a store that is away is told of, and counted again when it is back', async (t) => {
  let isAway = true
  const overview = createOverview(
    parts(async function* () {
      if (isAway) throw new CatalogueError('store_unavailable', 'away')
      yield* allRows()
    })
  )

  await t.rejects(overview(), { code: 'store_unavailable' })
  isAway = false
  t.equal((await eventually(overview, { what: 'the containers are counted' })).total, 4)
})
