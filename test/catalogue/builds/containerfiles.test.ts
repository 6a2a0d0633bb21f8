import t from 'tap'
import { sha256 } from '../../support/images.ts'
import { startWithTarballs } from '../../support/tarballs.ts'

const day = 24 * 3_600_000
const digestOf = (text: string) => `sha256:${sha256(text)}`

t.test('a Containerfile stays as long as a build status names it, and a day after a report brought it last', async (t) => {
  let at = Date.parse('2026-01-02T03:04:05Z')
  const { app, catalogue } = await startWithTarballs(t, { now: () => new Date(at) })
  const built = (id: string, containerfile: string) =>
    app.inject({
      method: 'PUT',
      url: `/api/v1/containers/${encodeURIComponent(id)}/builds/amd64`,
      payload: { status: 'succeeded', containerfile }
    })
  const stored = async (...texts: string[]) => {
    const replies = await Promise.all(texts.map((text) => app.inject(`/api/v1/containerfiles/${digestOf(text)}`)))
    return texts.filter((_, i) => replies[i]!.statusCode === 200)
  }
  const sweep = () => catalogue.containerfiles.sweep({ everyMs: 1000, signal: new AbortController().signal })
  const all = ['FROM one', 'FROM two', 'FROM three'] as const
  const [one, two, three] = all
  for (const id of ['a:1', 'b:1', 'c:1']) {
    await app.inject({
      method: 'PUT',
      url: `/api/v1/containers/${encodeURIComponent(id)}`,
      payload: { version: '1', digest: 'd', images: { amd64: `s3://bucket/${id}` } }
    })
  }
  t.equal((await built('a:1', one)).statusCode, 201)
  await built('b:1', two)
  await built('b:1', three)

  t.equal(await sweep(), 0, 'too young')
  t.equal(await sweep(), undefined, 'it was done a moment ago')
  at += day
  // brought again by another build, whose report is on its way
  await built('c:1', two)
  await built('c:1', one)
  t.equal(await sweep(), 0)
  t.strictSame(await stored(...all), all)
  at += day
  t.equal(await sweep(), 1)
  t.strictSame(await stored(...all), [one, three])
})
