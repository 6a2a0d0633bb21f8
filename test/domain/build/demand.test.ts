import t from 'tap'
import { parseArchitecture } from '../../../src/domain/architecture.ts'
import {
  createDemandTally,
  type Demand,
  dayOf,
  demandRows,
  fromDemandDocument,
  maxContainers,
  mergedDemand,
  noDemand,
  toDemandDocument
} from '../../../src/domain/build/demand.ts'
import { shuffles } from '../../support/shuffles.ts'

const arm64 = parseArchitecture('arm64')

/** `arm64 hello:1 +2 -1`: asked three times, refused once. */
function demanded(...lines: string[]): Demand {
  const tally = createDemandTally()
  for (const line of lines) {
    const [architecture, container, answered, refused] = line.split(' ') as [string, string, string, string]
    for (let i = 0; i < Number(answered); i++) tally.count({ architecture: parseArchitecture(architecture), container, answered: true })
    for (let i = 0; i < -Number(refused); i++) tally.count({ architecture: parseArchitecture(architecture), container, answered: false })
  }
  return tally.take()
}

const rows = (demand: Demand) => demandRows(demand, { limit: 10 })
const total = ({ architectures }: Demand) => [...architectures.values()].reduce((sum, { answered, refused }) => sum + answered + refused, 0)

t.test('what machines asked for is counted by architecture, with the containers that lack it', async (t) => {
  const demand = demanded('aarch64 hello:1 +2 -1', 'arm64 other:1 +0 -5', 'amd64 hello:1 +4 -0')

  t.strictSame(rows(demand), [
    { architecture: 'amd64', asked: 4, answered: 4, refused: 0, lacking: [] },
    {
      architecture: 'arm64',
      asked: 8,
      answered: 2,
      refused: 6,
      lacking: [
        { container: 'other:1', refused: 5 },
        { container: 'hello:1', refused: 1 }
      ]
    }
  ])
  t.equal(demandRows(demand, { limit: 1 })[1]?.lacking.length, 1)
})

t.test('what was taken is not counted again', async (t) => {
  const tally = createDemandTally()
  tally.count({ architecture: arm64, container: 'hello:1', answered: false })

  t.equal(total(tally.take()), 1)
  t.strictSame(tally.take(), noDemand)
})

t.test('counts of replicas and days add up, in whatever order', async (t) => {
  const parts = [
    demanded('arm64 hello:1 +2 -1', 'zeta a:1 +0 -1'),
    demanded('arm64 hello:1 +3 -0', 'amd64 hello:1 +1 -0'),
    demanded('arm64 other:1 +0 -4', 'alpha a:1 +0 -1'),
    demanded('alpha a:1 +0 -1', 'arm64 hello:1 +0 -2')
  ]
  const sum = mergedDemand(...parts)

  t.match(rows(sum)[1], {
    architecture: 'arm64',
    answered: 5,
    refused: 7,
    lacking: [
      { container: 'other:1', refused: 4 },
      { container: 'hello:1', refused: 3 }
    ]
  })
  for (const order of shuffles(parts, 30)) {
    t.equal(toDemandDocument('d', mergedDemand(...order)), toDemandDocument('d', sum))
    t.equal(
      toDemandDocument(
        'd',
        order.reduce((all, one) => mergedDemand(all, one), noDemand)
      ),
      toDemandDocument('d', sum),
      'one by one'
    )
  }
})

t.test('demand comes back from its document as it was, and nonsense counts as nothing', async (t) => {
  const demand = demanded('arm64 hello:1 +2 -1', 'amd64 b:1 +1 -0')

  t.strictSame(fromDemandDocument(toDemandDocument('2026-11-21', demand)), demand)
  t.match(JSON.parse(toDemandDocument('2026-11-21', demand)), { id: '2026-11-21' })
  for (const foreign of ['', 'null', '{}', '{"architectures": 5}', '{"architectures": [5, {"architecture": "no name"}]}']) {
    t.strictSame(fromDemandDocument(foreign), noDemand)
  }
  t.match(rows(fromDemandDocument('{"architectures": [{"architecture": "arm64", "answered": -5, "refused": "x", "containers": [{}]}]}')), [
    { asked: 0 }
  ])
  t.equal(dayOf('2026-11-21T23:59:59.999Z'), '2026-11-21')
})

t.test('strangers who call themselves anything are counted together beyond the bound', async (t) => {
  const names = Array.from({ length: 300 }, (_, i) => `machine${i} hello:1 +0 -1`)

  const demand = demanded(...names, 'machine5 hello:1 +3 -0')
  const merged = mergedDemand(demand, demanded(...names.reverse()))

  t.equal(demand.architectures.size, 64)
  t.ok(merged.architectures.size <= 64)
  t.equal(total(demand), 303)
  t.equal(total(merged), 603, 'and nothing is lost')
  t.equal(demand.architectures.get(parseArchitecture('machine5'))?.answered, 3)
})

t.test('of too many containers those are kept that were refused most, and the totals stay', async (t) => {
  const some = (name: string, counts: string) => Array.from({ length: maxContainers }, (_, i) => `arm64 ${name}${i}:1 ${counts}`)

  const merged = mergedDemand(demanded(...some('fine', '+2 -0')), demanded(...some('lacking', '+0 -1').slice(0, 500)))
  const { containers, answered, refused } = merged.architectures.get(arm64)!

  t.equal(containers.size, maxContainers)
  t.equal([...containers.values()].filter((count) => count.refused > 0).length, 500)
  t.strictSame([answered, refused], [2 * maxContainers, 500])
  t.equal(
    demanded(...some('a', '+1 -0'), ...some('b', '+1 -0'), ...some('c', '+1 -0')).architectures.get(arm64)?.answered,
    3 * maxContainers
  )
})
