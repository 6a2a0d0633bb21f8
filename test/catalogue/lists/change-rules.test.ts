import t from 'tap'
import {
  externalChangeEntry,
  gapIn,
  isAccountedFor,
  judgeBrokenChain,
  noRecord,
  type RecordState
} from '../../../src/catalogue/lists/change-rules.ts'
import { background, type JournalEntry } from '../../../src/domain/history/entry.ts'
import type { StoredSummary } from '../../../src/domain/lists/summary.ts'

const state = (number: number, meaning = `m${number}`): RecordState => ({
  revision: `s.${number}.1`,
  fingerprint: meaning,
  document: `"${meaning}"`
})
const [one, two, three] = [state(1), state(2), state(3)]
const summaryOf = (accounted: RecordState, suspect: StoredSummary['suspect'] = null) => ({ accounted, suspect }) as StoredSummary
const before = ({ revision, fingerprint }: RecordState) => ({ revision: revision!, fingerprint: fingerprint! })
const range = (from: RecordState | undefined, to: RecordState) => ({
  before: from && before(from),
  after: to.revision ?? undefined,
  at: 'at',
  born: undefined
})

t.test('what needs no look at the journal', async (t) => {
  const cases: [what: string, given: Parameters<typeof isAccountedFor>[0], accounted: boolean][] = [
    ['the record means what it meant', { summary: summaryOf(one), current: state(9, 'm1'), range: undefined }, true],
    [
      'it was removed, and that is accounted for',
      { summary: { accounted: null, suspect: null } as StoredSummary, current: noRecord, range: undefined },
      true
    ],
    ['this process changed it', { summary: summaryOf(one), current: two, range: range(one, two) }, true],
    ['this process created it', { summary: undefined, current: one, range: range(undefined, one) }, true],
    ['this process removed it', { summary: summaryOf(one), current: noRecord, range: range(one, noRecord) }, true],
    ['another process changed it', { summary: summaryOf(one), current: two, range: undefined }, false],
    ['another process changed it afterwards', { summary: summaryOf(one), current: three, range: range(one, two) }, false],
    ['another process changed it before', { summary: summaryOf(one), current: three, range: range(two, three) }, false],
    [
      'it had no summary yet, so that nothing is known of the time before',
      { summary: undefined, current: two, range: range(one, two) },
      true
    ]
  ]

  for (const [what, given, accounted] of cases) t.equal(isAccountedFor(given), accounted, what)
})

t.test('what a state without an entry means', async (t) => {
  const now = new Date('2026-11-21T12:00:00.000Z')
  const fresh = { revision: two.revision, since: now.toISOString() }
  const old = { revision: two.revision, since: '2026-11-21T11:00:00.000Z' }
  const chain = { summary: summaryOf(one), unlinked: two, hasLaterEntry: false, swept: true, now, graceMs: 5000 }
  const cases: [what: string, given: Partial<typeof chain>, verdict: ReturnType<typeof judgeBrokenChain>][] = [
    ['its entry may be on its way', {}, fresh],
    ['it had no entry for as long as one may take', { summary: summaryOf(one, old) }, 'search'],
    ['the suspect was another state', { summary: summaryOf(one, { ...old, revision: 's.7.1' }) }, fresh],
    ['a record without a summary, before the first sweep', { summary: undefined as never, swept: false }, 'baseline'],
    ['a record without a summary, older than the journal', { summary: undefined as never, hasLaterEntry: true }, 'baseline'],
    ['a record without a summary, after the first sweep', { summary: undefined as never }, fresh]
  ]

  for (const [what, given, verdict] of cases) t.strictSame(judgeBrokenChain({ ...chain, ...given }), verdict, what)
})

const states = new Map([noRecord, one, two, three].map((each) => [each.document, each]))
const entry = (from: RecordState, to: RecordState) =>
  ({
    revision: to.revision,
    previous: from.revision,
    fingerprint: to.fingerprint,
    before: from.document,
    after: to.document
  }) as JournalEntry
const stateBefore = ({ before }: JournalEntry) => states.get(before)!

t.test('where entries are missing', async (t) => {
  const again = state(4, 'm2')
  const cases: [what: string, entries: JournalEntry[], current: RecordState, accounted: RecordState, gap: ReturnType<typeof gapIn>][] = [
    ['none', [entry(two, three), entry(one, two)], three, one, undefined],
    ['the same record was written again', [entry(one, two)], again, one, undefined],
    ['the last', [entry(one, two)], three, one, { state: three, before: two.document }],
    ['all', [], two, one, { state: two, before: one.document }],
    ['the first', [entry(two, three)], three, one, { state: two, before: one.document }],
    ['that of a removal', [], noRecord, one, { state: noRecord, before: one.document }],
    ['that of the first record', [], one, noRecord, { state: one, before: null }],
    ['entries of before do not count', [entry(noRecord, one)], two, one, { state: two, before: one.document }]
  ]

  for (const [what, entries, current, accounted, gap] of cases) {
    t.strictSame(gapIn(entries, { current, accounted, stateBefore }), gap, what)
  }
})

t.test('what is recorded of a change by another program', async (t) => {
  const cases: [gap: { state: RecordState; before: string | null }, what: RegExp][] = [
    [{ state: two, before: null }, /^it was created, but not through this service/],
    [{ state: two, before: one.document }, /^it was changed/],
    [{ state: noRecord, before: one.document }, /^it was removed/]
  ]

  for (const [gap, what] of cases) {
    const recorded = externalChangeEntry({ container: 'hello:1', ...gap, previous: one.revision })
    const { revision, fingerprint, document } = gap.state
    t.match(recorded.summary, what)
    t.strictSame(recorded, {
      container: 'hello:1',
      kind: 'record',
      what: 'noticed',
      by: background(recorded.summary),
      summary: recorded.summary,
      architecture: null,
      ...{ revision, previous: one.revision, fingerprint, before: gap.before, after: document }
    })
  }
  const until = '2026-11-21T12:00:00.000Z'
  t.equal(
    externalChangeEntry({ container: 'hello:1', state: { ...two, until }, before: null, previous: null }).at,
    until,
    'as late as the next change'
  )
})
