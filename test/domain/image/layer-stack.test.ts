import { createHash } from 'node:crypto'
import t from 'tap'
import { containersNamed, fromStackDocument, stackIds, toStackDocument } from '../../../src/domain/image/layer-stack.ts'

const hash = (text: string) => createHash('sha256').update(text).digest('hex')

t.test('an image has the stack of another one when its lowest layers are the same, in the same order', async (t) => {
  const base = stackIds(['sha256:a', 'sha256:b'], hash)
  const built = stackIds(['sha256:a', 'sha256:b', 'sha256:c'], hash)

  t.strictSame(built.slice(0, 2), base)
  t.not(stackIds(['sha256:b', 'sha256:a'], hash).at(-1), base.at(-1))
  t.strictSame(stackIds([], hash), [])
})

t.test('the stored form is read again, and nothing else is taken for one', async (t) => {
  const stack = { container: 'base:1', imageKey: 'arm64' as never, url: 's3://b/x', read: '2026-01-01T00:00:00.000Z' }

  t.strictSame(fromStackDocument(toStackDocument(stack, 'id')), stack)
  t.equal(fromStackDocument('{"container": "hello:1", "slot": "arm64", "url": "s3://b/x", "verdict": "match"}'), undefined)
})

t.test('which containers the name of a base image may mean', async (t) => {
  const digest = `@sha256:${'0'.repeat(64)}`
  for (const [name, containers] of [
    ['hysds/base:v1', ['hysds/base:v1']],
    [`hysds/base:v1${digest}`, ['hysds/base:v1']],
    ['docker.io/library/python:3.11', ['docker.io/library/python:3.11', 'library/python:3.11', 'python:3.11']],
    ['localhost:5000/base:1', ['localhost:5000/base:1', 'base:1']],
    ['localhost/base:1', ['localhost/base:1', 'base:1']]
  ] as const) {
    t.strictSame(containersNamed(name), containers, name)
  }
})
