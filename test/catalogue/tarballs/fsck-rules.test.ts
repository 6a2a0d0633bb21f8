import t from 'tap'
import { byteFault, factsFault, judgeUnnamed, judgeUpload, leftoverLimits, taskFault } from '../../../src/catalogue/tarballs/fsck/rules.ts'
import { parseArchitecture } from '../../../src/domain/architecture.ts'
import type { Task } from '../../../src/domain/image/task.ts'
import { someFacts } from '../../support/facts.ts'

const minute = 60_000
const hour = 60 * minute
const now = new Date('2026-11-21T12:00:00.000Z')
const ago = (ms: number) => new Date(now.getTime() - ms).toISOString()
const a = 'a'.repeat(64)
const b = 'b'.repeat(64)
const uploaded = `containers/hello-1/${a.slice(0, 12)}/hello.tar`

t.test('what is wrong with the bytes of an object', async (t) => {
  const proven = { sha256: a, size: 10 }
  const cases: [what: string, given: Partial<Parameters<typeof byteFault>[0]>, fault: RegExp | undefined][] = [
    ['nothing is known of it', {}, undefined],
    ['it is what was proven', { proven }, undefined],
    ['it was cut', { proven, size: 9 }, /it has 9 bytes where 10 were proven/],
    ['it was replaced', { proven, sha256: b }, /it is sha256:b+ where sha256:a+ was proven/],
    ['the store has no digest, and its bytes were read', { proven, sha256: undefined, read: b }, /where sha256:a+ was proven/],
    ['its bytes rotted', { read: b }, /its bytes are sha256:b+ where sha256:a+ were stored/],
    ['only its size is unknown', { proven: { sha256: a, size: null }, size: 9 }, undefined],
    ['its path is that of its digest', { key: uploaded }, undefined],
    ['its path is that of another digest', { key: uploaded, sha256: b }, /is not what its path says/]
  ]

  for (const [what, given, fault] of cases) {
    const found = byteFault({ key: 'mine/x.tar', size: 10, sha256: a, read: undefined, proven: undefined, ...given })
    if (fault) t.match(found, fault, what)
    else t.equal(found, undefined, what)
  }
})

t.test('what an object is that nothing names', async (t) => {
  const due = '2026-11-22T00:00:00.000Z'
  const cases: [what: string, given: Partial<Parameters<typeof judgeUnnamed>[0]>, verdict: ReturnType<typeof judgeUnnamed>][] = [
    ['it may be about to be registered', { ageMs: 14 * minute }, 'young'],
    ['a task removes it', { due }, 'due'],
    ['it was uploaded, and is older than the grace', {}, { kind: 'orphaned', repair: 'possible' }],
    ['it was uploaded, and is younger', { ageMs: hour }, { kind: 'orphaned', repair: 'later' }],
    ['it was stored by its path', { key: 'mine/x.tar' }, { kind: 'unnamed', repair: 'possible' }],
    ['it was stored by its path, and no task is about it', { key: 'mine/x.tar', due, ageMs: hour }, { kind: 'unnamed', repair: 'later' }]
  ]

  for (const [what, given, verdict] of cases) {
    t.strictSame(judgeUnnamed({ key: uploaded, ageMs: 24 * hour, due: undefined, graceMs: 24 * hour, ...given }), verdict, what)
  }
})

t.test('what a killed put left, and an upload that stands still', async (t) => {
  const expiryMs = 24 * hour
  const limits = (aloneSince: Date | undefined) => {
    const { left, removable } = leftoverLimits({ now, aloneSince, expiryMs })
    return [left.toISOString(), removable.toISOString()]
  }

  t.strictSame(limits(undefined), [ago(hour), ago(expiryMs)], 'other processes may be writing')
  t.strictSame(limits(new Date(ago(minute))), [ago(minute), ago(minute)], 'an earlier process left it')
  t.equal(judgeUpload({ ended: true, ageMs: 2 * expiryMs, expiryMs }), 'ended')
  t.equal(judgeUpload({ ended: false, ageMs: expiryMs - 1, expiryMs }), 'continuing')
  t.equal(judgeUpload({ ended: false, ageMs: expiryMs, expiryMs }), 'expired')
})

t.test('facts and tasks that are about nothing', async (t) => {
  const facts = someFacts({ container: 'hello:1', imageKey: parseArchitecture('amd64'), url: 's3://x', digest: 'd', checked: ago(hour) })
  const record = JSON.stringify({ id: 'hello:1', digest: 'd', urls: JSON.stringify({ [facts.imageKey]: 's3://x' }) })
  const other = record.replace('s3://x', 's3://y')
  const task: Task = { kind: 'verify', id: '1', container: 'hello:1', imageKey: facts.imageKey, key: null, due: ago(hour), attempts: 1 }

  t.equal(factsFault({ facts, record, now }), undefined)
  t.equal(factsFault({ facts: undefined, record, now }), 'unreadable')
  t.equal(factsFault({ facts, record: undefined, now }), 'no record')
  t.equal(factsFault({ facts, record: other, now }), 'another image')
  t.equal(factsFault({ facts: { ...facts, checked: ago(minute) }, record: undefined, now }), undefined, 'its record may be on its way')
  t.equal(factsFault({ facts: { ...facts, imageKey: 'waiting amd64' }, record: undefined, now }), undefined, 'a pending image')

  t.equal(taskFault({ task, record, now }), undefined)
  t.equal(taskFault({ task: undefined, record, now }), 'unreadable')
  t.equal(taskFault({ task, record: undefined, now }), 'no image')
  t.equal(taskFault({ task: { ...task, due: ago(minute) }, record: undefined, now }), undefined, 'a server may still do it')
  t.equal(taskFault({ task: { ...task, imageKey: 'waiting amd64' }, record: undefined, now }), undefined, 'a pending image')
  t.equal(
    taskFault({
      task: { kind: 'remove', id: '1', container: '', key: 'x', since: '', due: ago(hour), attempts: 1 },
      record: undefined,
      now
    }),
    undefined
  )
})
