import t from 'tap'
import { parseImageReference } from '../../src/registries/address.ts'

const digest = `sha256:${'a'.repeat(64)}`

const table: [text: string, parsed: [base: string, repository: string, reference: string]][] = [
  ['registry.example.org/team/hello:1', ['https://registry.example.org/', 'team/hello', '1']],
  ['docker://registry.example.org:5000/hello:v1_2', ['https://registry.example.org:5000/', 'hello', 'v1_2']],
  ['localhost:5000/hello:1', ['http://localhost:5000/', 'hello', '1']],
  ['127.0.0.1/hello:1', ['http://127.0.0.1/', 'hello', '1']],
  ['http://127.0.0.1:1/hello:1', ['http://127.0.0.1:1/', 'hello', '1']],
  ['docker.io/hello:1', ['https://registry-1.docker.io/', 'library/hello', '1']],
  [`quay.io/a/b@${digest}`, ['https://quay.io/', 'a/b', digest]],
  [`quay.io/a/b:latest@${digest}`, ['https://quay.io/', 'a/b', digest]]
]
for (const [text, [base, repository, reference]] of table) {
  t.test(`${text} is understood`, async (t) => {
    const parsed = parseImageReference(text, { plainHttp: false })

    t.strictSame([parsed.address.base.href, parsed.repository, parsed.reference], [base, repository, reference])
  })
}

const wrong = [
  ...['hello:1', 'team/hello:1', 'quay.io/hello', 'quay.io/hello@latest', 'quay.io/hello:', 'quay.io/', 'quay.io/:1', ''],
  ...['quay.io/Hello:1', 'http://quay.io/hello:1', `quay.io/hello:${'x'.repeat(129)}`, 'user:secret@quay.io/hello:1']
]
t.test('anything else is refused, without a secret in the message', async (t) => {
  for (const text of wrong) {
    const words = t.throws(() => parseImageReference(text, { plainHttp: false }), { name: 'CatalogueError' }, text)
    t.notMatch((words as Error).message, /user:secret/)
  }
})
