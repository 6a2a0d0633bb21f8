import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { CatalogueError } from '../../../src/domain/errors.ts'
import type { DocumentStore } from '../../../src/stores/document-store.ts'
import { openStores } from '../../support/start-server.ts'
import { startWithTarballs } from '../../support/tarballs.ts'

const ids = ['heat-api-cfn:aaa', 'heat-api:aaa', 'heat-api:bbb', 'tripleo/nova-api:aaa', 'tripleo:aaa', 'untagged']

async function startWithImages(t: Test) {
  const server = await startWithTarballs(t)
  for (const id of ids) {
    const payload = { version: '1', digest: 'd', url: `s3://b/${id}` }
    await server.app.inject({ method: 'PUT', url: `/api/v1/containers/${encodeURIComponent(id)}`, payload })
  }
  return server
}

const lists: { query: string; accept?: string; names: string[] }[] = [
  { query: 'tag=aaa&format=names', names: ['heat-api', 'heat-api-cfn', 'tripleo', 'tripleo/nova-api'] },
  { query: 'tag=aaa', accept: 'text/plain', names: ['heat-api', 'heat-api-cfn', 'tripleo', 'tripleo/nova-api'] },
  { query: 'tag=bbb&format=names', names: ['heat-api'] },
  { query: 'name=nova-*&format=names', names: ['tripleo/nova-api'] },
  { query: 'name=heat-*&format=names', names: ['heat-api', 'heat-api-cfn'] },
  { query: 'tag=none&format=names', names: [] },
  { query: 'format=names', names: ['heat-api', 'heat-api-cfn', 'tripleo', 'tripleo/nova-api', 'untagged'] }
]

for (const { query, accept = '*/*', names } of lists) {
  t.test(`names of images: ${query}, for ${accept}`, async (t) => {
    const { app } = await startWithImages(t)

    const reply = await app.inject({ url: `/api/v1/image-list?${query}`, headers: { accept } })

    t.equal(reply.body, names.map((name) => `${name}\n`).join(''))
    t.match(reply.headers['content-type'], /^text\/plain/)
  })
}

t.test('a long list is sent in pieces, whole and in order', async (t) => {
  const { app, stores } = await startWithTarballs(t)
  const names = Array.from({ length: 2500 }, (_, i) => `image-${String(i).padStart(4, '0')}`)
  await Promise.all(names.map((name) => stores.containers.put(`${name}:1`, JSON.stringify({ id: `${name}:1` }))))

  const text = await app.inject('/api/v1/image-list?format=names')
  const yaml = await app.inject('/api/v1/image-list?format=yaml')

  t.strictSame(text.body.split('\n').filter(Boolean), names)
  t.strictSame(
    parse(yaml.body).container_images.map(({ imagename }: { imagename: string }) => imagename),
    names.map((name) => `${name}:1`)
  )
})

const orders: { given: string[]; names: string[] }[] = [
  { given: ['a-b:1', 'a:1', 'a;b:1'], names: ['a', 'a-b', 'a;b'] },
  { given: ['x/a:1', 'x:1', 'x1:1', 'x.y:1'], names: ['x', 'x.y', 'x/a', 'x1'] },
  { given: ['a:b:1', 'a:z', 'a'], names: ['a', 'a:b'] },
  { given: ['localhost:5000/a', 'localhost:5000/a:1', 'localhost:1'], names: ['localhost', 'localhost:5000/a'] }
]

for (const { given, names } of orders) {
  t.test(`names are in the order of repositories, which is not that of the ids: ${given.join(', ')}`, async (t) => {
    const { app, stores } = await startWithTarballs(t)
    for (const id of given) await stores.containers.put(id, JSON.stringify({ id }))

    const { body } = await app.inject('/api/v1/image-list?format=names')

    t.equal(body, names.map((name) => `${name}\n`).join(''))
  })
}

t.test('a fault in the middle of the ids is an error, and no shorter list', async (t) => {
  const stores = await openStores(t)
  const containers: DocumentStore = {
    ...stores.containers,
    async *ids() {
      yield Array.from({ length: 2000 }, (_, i) => `image-${i}:1`)
      throw new CatalogueError('store_unavailable', 'the search engine does not answer')
    }
  }
  const { app } = await startWithTarballs(t, { stores: { ...stores, containers } })

  for (const format of ['names', 'yaml', 'json']) {
    const reply = await app.inject(`/api/v1/image-list?format=${format}`)

    t.equal(reply.statusCode, 503)
    t.match(reply.json(), { status: 503, detail: /does not answer/ })
  }
})

t.test('as YAML and JSON, the list has every image with its tag', async (t) => {
  const { app } = await startWithImages(t)
  const imagenames = ['heat-api:aaa', 'heat-api:bbb', 'heat-api-cfn:aaa', 'tripleo:aaa', 'tripleo/nova-api:aaa', 'untagged']

  const yaml = await app.inject('/api/v1/image-list?format=yaml')
  const empty = await app.inject('/api/v1/image-list?format=yaml&tag=none')
  const json = await app.inject('/api/v1/image-list?name=heat-api')

  t.strictSame(parse(yaml.body), { container_images: imagenames.map((imagename) => ({ imagename })) })
  t.strictSame(parse(empty.body), { container_images: [] })
  t.strictSame(json.json(), {
    images: ['aaa', 'bbb'].map((tag) => ({ imagename: `heat-api:${tag}`, repository: 'heat-api', tag }))
  })
})

t.test('a template is filled and otherwise as it was; what is not given is refused with its place', async (t) => {
  const { app } = await startWithTarballs(t)
  const payload =
    '# mine\ncontainer_images_template:\n- imagename: "{{namespace}}/{{name_prefix}}nova-api{{name_suffix}}:{{tag}}"\n  params: [A]\n'
  const post = (query: string, body = payload) =>
    app.inject({
      method: 'POST',
      url: `/api/v1/image-list/render?${query}`,
      payload: body,
      headers: { 'content-type': 'application/yaml' }
    })

  const filled = await post('namespace=docker.io/tripleo&name_prefix=centos-&name_suffix=&tag=bbb')
  const missing = await post('namespace=a&name_prefix=b&name_suffx=c')
  const file = await post('', "{% include '/etc/passwd' %}")

  t.equal(filled.statusCode, 200)
  t.equal(filled.body, payload.replace(/"{{.*"/, '"docker.io/tripleo/centos-nova-api:bbb"'))
  t.match(missing.json(), {
    status: 400,
    errors: [
      { path: 'line 3, column 52', message: 'name_suffix is not given; did you mean name_suffx?' },
      { path: 'line 3, column 68', message: /^tag is not given/ }
    ]
  })
  t.match(file.json(), { status: 400, detail: /a server reads no files/ })
})
