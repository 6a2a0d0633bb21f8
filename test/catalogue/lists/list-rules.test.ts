import t from 'tap'
import { type FoundContainer, isShown, type ListSort } from '../../../src/catalogue/lists/list-rules.ts'
import { parseArchitecture } from '../../../src/domain/architecture.ts'

const amd64 = parseArchitecture('amd64')
const values = { revision: 'r1', version: 'v1', created: '2026-01-01T00:00:00.000Z', updated: '2026-02-01T00:00:00.000Z' }
const content = {
  id: 'hello:1',
  version: 'v1',
  state: 'complete' as const,
  architectures: [amd64],
  missing: [],
  verdicts: ['match' as const]
}
const by = (field: ListSort['field']): Partial<FoundContainer> => ({ sort: { field, order: 'asc' } })
const now = (change: Partial<typeof values> | { revision: null }): Partial<FoundContainer> => ({ current: { ...values, ...change } })
const coming = { source: 'coming' as const, ...now({ revision: null }) }

t.test('a list shows what is still where it was found, and what was asked for', async (t) => {
  const cases: [what: string, given: Partial<FoundContainer>, shown: boolean][] = [
    ['nothing changed', {}, true],
    ['by id, whatever else changed', now({ revision: 'r2', version: 'v2' }), true],
    ['by version, which changed', { ...by('version'), ...now({ version: 'v2' }) }, false],
    ['by version, after another change', { ...by('version'), ...now({ revision: 'r2' }) }, true],
    ['by creation, which the summary did not know', { ...by('created'), found: { ...values, created: null } }, false],
    ['by change, of the same revision', { ...by('updated'), ...now({ updated: '2026-03-01T00:00:00.000Z' }) }, true],
    ['by change, of another revision', { ...by('updated'), ...now({ revision: 'r2' }) }, false],
    ['by version, from a summary that cannot be understood', { ...by('version'), found: undefined }, false],
    ['by id, from a summary that cannot be understood', { found: undefined }, true],
    ['the filter holds', { filters: { state: 'complete' } }, true],
    ['the filter held when it was found', { filters: { state: 'partial' } }, false],
    ['without a record', coming, true],
    ['without a record, by change of its build status', { ...coming, ...by('updated') }, true],
    ['without a record, whose build status changed', { ...coming, ...by('updated'), found: { ...values, updated: null } }, false],
    ['its record came meanwhile, and is among the others', { source: 'coming' }, false]
  ]

  for (const [what, given, shown] of cases) {
    const found: FoundContainer = {
      source: 'summaries',
      found: values,
      current: values,
      content,
      filters: {},
      sort: { field: 'id', order: 'asc' },
      ...given
    }
    t.equal(isShown(found), shown, what)
  }
})
