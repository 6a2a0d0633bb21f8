import t from 'tap'
import { mayRemove, tarballChange } from '../../../src/catalogue/tarballs/removal-rules.ts'

const sha256 = `${'a'.repeat(12)}${'0'.repeat(52)}`
const key = `containers/hello-1/${'a'.repeat(12)}/hello.tar`
const released = '2026-11-21T12:00:00.000Z'
const blob = { key, size: 1, modified: new Date('2026-11-21T11:00:00.000Z'), sha256 }

t.test('a released tarball is removed when nothing names it and it is still the one that was released', async (t) => {
  const cases: [what: string, given: Partial<Parameters<typeof mayRemove>[0]>, removed: boolean][] = [
    ['nothing names it', {}, true],
    ['a container names it again', { named: true }, false],
    ['it is gone already', { blob: undefined }, false],
    ['it was stored again after its release', { blob: { ...blob, modified: new Date('2026-11-21T12:00:00.001Z') } }, false],
    ['it was stored at the moment of its release', { blob: { ...blob, modified: new Date(released) } }, true],
    ['other bytes are stored under its key', { blob: { ...blob, sha256: 'b'.repeat(64) } }, false],
    ['its store does not know its digest', { blob: { key, size: 1, modified: blob.modified } }, false]
  ]

  for (const [what, given, removed] of cases) t.equal(mayRemove({ key, since: released, named: false, blob, ...given }), removed, what)
})

t.test('a change of a record releases the uploaded tarballs that it names no longer, and keeps those that it names', async (t) => {
  const other = key.replace('hello.tar', 'other.tar')
  const document = (...keys: string[]) => JSON.stringify({ urls: JSON.stringify(keys.map((one) => `http://host/storage/${one}`)) })
  const cases: [what: string, before: string | undefined, after: string | undefined, released: string[], named: string[]][] = [
    ['a first record', undefined, document(key), [], [key]],
    ['a removed record', document(key), undefined, [key], []],
    ['the same tarball', document(key), document(key), [], []],
    ['another tarball', document(key), document(other), [key], [other]],
    ['one of two', document(key, other), document(other), [key], []],
    ['a path of its owner’s choice', document('mine/hello.tar'), undefined, [], []]
  ]

  for (const [what, before, after, released, named] of cases) t.strictSame(tarballChange({ before, after }), { released, named }, what)
})
