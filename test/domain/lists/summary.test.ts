import t from 'tap'
import { parseArchitecture } from '../../../src/domain/architecture.ts'
import { matches } from '../../../src/domain/json/query.ts'
import {
  fromSummaryDocument,
  meets,
  needsSummaries,
  recordConditions,
  type StoredSummary,
  summaryConditions,
  toSummaryDocument
} from '../../../src/domain/lists/summary.ts'

const [amd64, arm64] = [parseArchitecture('amd64'), parseArchitecture('arm64')]
const row: StoredSummary = {
  id: 'Operator-ARM:v1',
  version: 'v1',
  state: 'partial',
  architectures: [amd64],
  missing: [arm64],
  verdicts: ['match', 'unverified'],
  created: '2026-01-02T03:04:05.000Z',
  updated: null,
  revision: 'a.1.1',
  fingerprint: 'f',
  accounted: { revision: 'a.1.1', fingerprint: 'f', document: '{"id": "Operator-ARM:v1"}' },
  suspect: null,
  due: null
}

t.test('a row is what it was after being stored, and what is no row of ours is none', (t) => {
  t.strictSame(fromSummaryDocument(toSummaryDocument(row)), row)
  t.strictSame(fromSummaryDocument(toSummaryDocument({ ...row, architectures: [], missing: [], accounted: null }))?.missing, [])
  for (const other of ['{}', '{"id": "a", "state": 1}']) t.equal(fromSummaryDocument(other), undefined)
  t.end()
})

t.test('where to look never leaves out what meets the filters', (t) => {
  const cases: [Parameters<typeof meets>[1], boolean][] = [
    [{}, true],
    [{ name: 'Operator-ARM' }, true],
    [{ name: 'Operator-ARM:v1' }, true],
    [{ name: 'Op*' }, true],
    [{ name: '*:v?' }, true],
    [{ name: '*ARM' }, true],
    [{ name: 'operator-arm' }, false],
    [{ version: 'v*' }, true],
    [{ version: 'v2' }, false],
    [{ architecture: amd64 }, true],
    [{ architecture: arm64 }, false],
    [{ missing: arm64, state: 'partial', verdict: 'match' }, true],
    [{ state: 'complete' }, false],
    [{ verdict: 'mixed' }, false],
    [{ q: 'ARM oper V1' }, true],
    [{ q: 'arm*' }, false],
    [{ name: 'Operator*', q: 'v2' }, false]
  ]
  for (const [filters, expected] of cases) {
    t.equal(meets(row, filters), expected, JSON.stringify(filters))
    if (expected) t.ok(matches(toSummaryDocument(row), summaryConditions(filters)), `${JSON.stringify(filters)}, by its row`)
    if (expected)
      t.ok(matches('{"id": "Operator-ARM:v1", "version": "v1"}', recordConditions(filters)), `${JSON.stringify(filters)}, by its record`)
  }
  t.end()
})

t.test('what records tell is asked of records', (t) => {
  t.equal(needsSummaries({ name: 'a', version: 'b' }, { field: 'version', order: 'desc' }), false)
  t.equal(needsSummaries({ name: 'a', state: 'complete' }, { field: 'id', order: 'asc' }), true)
  t.equal(needsSummaries({}, { field: 'created', order: 'asc' }), true)
  t.end()
})
