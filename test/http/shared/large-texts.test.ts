import t, { type Test } from 'tap'
import type { CatalogueError } from '../../../src/domain/errors.ts'
import { largeTextTasks } from '../../../src/http/shared/large-text-tasks.ts'
import { createLargeTexts, isLarge } from '../../../src/http/shared/large-texts.ts'
import { startServer } from '../../support/start-server.ts'

const long = 'é😀"\\ %+'.repeat(30_000)
const spec = JSON.stringify({ id: 'job-hello:1', n: 1, x: long })
const imageList = `# kept\ncontainer_images:\n${'- imagename: nova-api:latest # one\n  params: [A]\n'.repeat(200)}`
const form = (fields: Record<string, string>) => Buffer.from(new URLSearchParams(fields).toString())

function open(t: Test) {
  const largeTexts = createLargeTexts()
  t.teardown(() => largeTexts.close())
  return largeTexts
}

for (const [what, task, input] of [
  ['a form', 'urlEncoded', form({ spec, ['__proto__']: 'x' })],
  ['a JSON body', 'jsonMembers', Buffer.from(spec)],
  ['a JSON body with a fault', 'jsonMembers', Buffer.from(`${spec}}`)],
  ['a specification', 'specification', spec],
  ['a stored document', 'pythonStyle', spec],
  ['a list of nodes', 'expected', `{"items": [], "architectures": ["arm64"]${' '.repeat(200_000)}}`],
  ['an image list', 'imageEntries', imageList],
  [
    'an image list that is renamed',
    'renamedImageList',
    JSON.stringify({ text: imageList, imagenames: ['a:1', null, ...Array(198).fill('b:2')] })
  ],
  ['an image list with a fault', 'imageEntries', `${imageList}- imagename: 7\n`],
  ['a refused specification', 'specification', `${spec}}`]
] as const) {
  t.test(`${what} is read by the thread as it would be read here`, async (t) => {
    const settled = async (work: () => unknown) => {
      try {
        return { result: await work() }
      } catch (error) {
        const { code, message } = error as CatalogueError
        return { code, message }
      }
    }
    t.ok(isLarge(input, task))
    const here = await settled(() => largeTextTasks[task](input as never))

    const there = await settled(() => open(t).run(task, input as never))

    t.strictSame(there, here)
  })
}

t.test('a small text does not wait for a large one', async (t) => {
  const largeTexts = open(t)
  const order: string[] = []

  const large = largeTexts.run('pythonStyle', spec).then(() => order.push('large'))
  const small = largeTexts.run('pythonStyle', '{}').then(() => order.push('small'))
  await Promise.all([large, small])

  t.strictSame(order, ['small', 'large'])
})

t.test('a large specification is stored and returned whole, from a form and from JSON', async (t) => {
  const { app } = await startServer(t)
  const type = (name: string) => ({ 'content-type': `application/${name}` })
  const post = (name: string, payload: string | Buffer) =>
    app.inject({ method: 'POST', url: '/api/v0.1/job_spec/add', headers: type(name), payload })

  const added = [await post('x-www-form-urlencoded', form({ spec })), await post('json', JSON.stringify({ spec: JSON.parse(spec) }))]
  const found = await app.inject('/api/v0.1/job_spec/type?id=job-hello%3A1')

  t.strictSame(
    added.map(({ statusCode }) => statusCode),
    [200, 200]
  )
  t.strictSame(found.json().result, JSON.parse(spec))
})
