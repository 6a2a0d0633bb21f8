import t from 'tap'
import { parseArchitecture } from '../../../src/domain/architecture.ts'
import { emptyBuildStatus } from '../../../src/domain/build/build-status.ts'
import type { JobReport, JobStatus } from '../../../src/domain/build/job-report.ts'
import { standingsOf } from '../../../src/domain/build/standing.ts'
import type { ReasonCode } from '../../../src/domain/build/state.ts'
import type { Verdict } from '../../../src/domain/image/facts.ts'
import { someFacts } from '../../support/facts.ts'

const arm64 = parseArchitecture('arm64')

interface Case {
  /** Of the image; absent: there is none. */
  verdict?: Verdict
  expected?: boolean
  reasons?: ReasonCode[]
  build?: JobStatus
  isPending?: boolean
}

function standing({ verdict, expected = true, reasons = [], build, isPending = false }: Case): string | undefined {
  const pending = { url: 's3://b/x', digest: null, version: null, since: '', expires: '' }
  const buildStatus = {
    ...emptyBuildStatus('hello:1', '2026-01-02T03:04:05Z'),
    builds: new Map(build ? [[arm64, { status: build } as JobReport]] : []),
    pending: new Map(isPending ? [[arm64, pending]] : [])
  }
  const facts = verdict === undefined ? undefined : someFacts({ imageKey: arm64, verdict })
  return standingsOf({
    images: new Map(verdict === undefined ? [] : [[arm64, { url: 's3://b/x', facts }]]),
    expected: expected ? [arm64] : [],
    buildStatus,
    reasons: reasons.map((code) => ({ code, architecture: arm64, message: '', since: null }))
  }).get(arm64)
}

const cases: [Case, string | undefined][] = [
  [{ verdict: 'match' }, 'proven'],
  [{ verdict: 'no-binaries' }, 'no-binaries'],
  [{ verdict: 'unverified' }, 'claimed'],
  [{ verdict: 'unverified', reasons: ['unverified'] }, 'claimed'],
  [{ verdict: 'mislabelled', reasons: ['mislabelled'] }, 'wrong'],
  [{ verdict: 'mixed', reasons: ['mixed'] }, 'wrong'],
  [{ verdict: 'unreadable', reasons: ['unreadable'] }, 'wrong'],
  [{ verdict: 'match', reasons: ['gone'] }, 'gone'],
  [{ verdict: 'mislabelled', reasons: ['mislabelled', 'gone', 'build_failed'] }, 'gone'],
  [{ verdict: 'match', reasons: ['build_failed'] }, 'failed'],
  [{ verdict: 'match', reasons: ['test_failed'] }, 'failed'],
  [{ verdict: 'match', reasons: ['test_stale'] }, 'failed'],
  [{ verdict: 'match', build: 'running' }, 'proven'],
  [{ reasons: ['missing'] }, 'missing'],
  [{ reasons: ['missing'], build: 'pending' }, 'building'],
  [{ reasons: ['missing'], build: 'running' }, 'building'],
  [{ reasons: ['build_stale', 'missing'], build: 'running' }, 'failed'],
  [{ reasons: ['build_failed', 'missing'], build: 'failed' }, 'failed'],
  [{ reasons: ['pending'], isPending: true }, 'waiting'],
  [{ expected: false, isPending: true }, 'waiting'],
  [{ expected: false, build: 'failed' }, 'failed'],
  [{ expected: false, build: 'running' }, 'building'],
  [{ expected: false, build: 'succeeded' }, undefined],
  [{ expected: false }, undefined]
]

t.test('one word says how an architecture stands, and the worst reason decides', async (t) => {
  for (const [one, expected] of cases) t.equal(standing(one), expected, JSON.stringify(one))
})
