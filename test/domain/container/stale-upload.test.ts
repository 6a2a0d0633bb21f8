import t from 'tap'
import { parseArchitecture } from '../../../src/domain/architecture.ts'
import { fromDocument } from '../../../src/domain/container/document.ts'
import { replacementByPending, replacementIn } from '../../../src/domain/container/stale-upload.ts'

const since = new Date('2026-01-02T03:04:05Z')
const upload = { architecture: parseArchitecture('arm64'), version: '1', url: 's3://upload', since }
const record = (version: string, urls: object) =>
  fromDocument('hello:1', JSON.stringify({ id: 'hello:1', version, urls: JSON.stringify(urls) }))

t.test('which later changes take the place of a finished upload', async (t) => {
  const old = record('1', { arm64: 's3://old', amd64: 's3://x' })
  const cases: [string, ReturnType<typeof record> | undefined, ReturnType<typeof record> | undefined, string | undefined][] = [
    ['another image of its architecture', old, record('1', { arm64: 's3://new' }), 'another image came'],
    ['the same image', old, record('1', { arm64: 's3://upload' }), undefined],
    ['an image of another architecture', old, record('1', { arm64: 's3://old', amd64: 's3://new' }), undefined],
    ['its architecture taken away', old, record('1', { amd64: 's3://x' }), 'the image was removed'],
    ['the container removed', old, undefined, 'the container was removed'],
    ['nothing removed, because nothing was there', undefined, undefined, undefined],
    ['another version', old, record('2', { arm64: 's3://old' }), 'another version came'],
    ['the upload’s own version', record('0', { arm64: 's3://old' }), old, undefined],
    ['the container created without its architecture', undefined, record('1', { amd64: 's3://x' }), undefined],
    ['the container created with another image', undefined, record('1', { arm64: 's3://new' }), 'another image came']
  ]

  for (const [name, before, after, expected] of cases) t.equal(replacementIn({ before, after }, upload), expected, name)
})

t.test('a pending image takes its place when it arrived later and is another one', async (t) => {
  const [before, after] = ['2026-01-02T03:04:04.000Z', '2026-01-02T03:04:06.000Z']

  t.equal(replacementByPending(undefined, upload), undefined)
  t.equal(replacementByPending({ url: 's3://new', since: after }, upload), 'another image came')
  t.equal(replacementByPending({ url: 's3://new', since: before }, upload), undefined)
  t.equal(replacementByPending({ url: 's3://upload', since: after }, upload), undefined)
})
