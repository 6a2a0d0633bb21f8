import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { startWithTarballs, tarball } from '../../support/tarballs.ts'

const list = `# what we deploy
container_images_template:
- imagename: "docker.io/tripleo/nova-api:latest"   # the API
  image_source: tripleo
  params:
  - ContainerNovaApiImage
  - ContainerNovaConfigImage
- imagename: tripleo/heat:latest
  params: [ContainerHeatImage]
- imagename: tripleo/none:latest
`

async function start(t: Test) {
  const { app } = await startWithTarballs(t)
  const upload = (id: string, labels: Record<string, string>) =>
    app.inject({
      method: 'PUT',
      url: `/api/v1/containers/${encodeURIComponent(id)}/images/amd64`,
      payload: tarball({ tags: [id], config: { Labels: labels } }),
      headers: { 'content-type': 'application/octet-stream' }
    })
  await upload('tripleo/nova-api:latest', { rdo_version: 'abc' })
  await upload('tripleo/nova-api:abc', {})
  await upload('tripleo/nova-api:v2', {})
  await app.inject({
    method: 'PUT',
    url: '/api/v1/containers/tripleo%2Fheat%3Aabc',
    payload: { version: '1', digest: 'd', url: 's3://b/heat' }
  })
  return (query: string, payload = list) =>
    app.inject({ method: 'POST', url: `/api/v1/image-list/discover?${query}`, payload, headers: { 'content-type': 'application/yaml' } })
}

t.test('the tags of a list are found, and what has none is left out with the reason', async (t) => {
  const discover = await start(t)

  const byTag = await discover('tag=abc')
  const byLabel = await discover('tag_from_label=rdo_version&exclude=heat')
  const byVersion = await discover('newest=version&only=nova-*')
  const proven = await discover('tag=abc&proven=true')

  t.strictSame(byTag.json(), {
    images: [
      {
        imagename: 'docker.io/tripleo/nova-api:abc',
        params: ['ContainerNovaApiImage', 'ContainerNovaConfigImage'],
        tag: 'abc',
        chosen_by: 'tag abc'
      },
      { imagename: 'tripleo/heat:abc', params: ['ContainerHeatImage'], tag: 'abc', chosen_by: 'tag abc' }
    ],
    left_out: [{ imagename: 'tripleo/none:latest', reason: 'there is no such repository' }]
  })
  t.match(byLabel.json(), { images: [{ tag: 'abc', chosen_by: 'label rdo_version' }], left_out: [{ imagename: 'tripleo/none:latest' }] })
  t.match(byVersion.json(), { images: [{ tag: 'v2', chosen_by: 'newest version' }], left_out: [] })
  t.match(proven.json(), { images: [{ tag: 'abc' }], left_out: [{ reason: 'tripleo/heat:abc is not proven' }, {}] })
})

t.test('a long list is found by one walk over all ids', async (t) => {
  const discover = await start(t)
  const names = Array.from({ length: 12 }, (_, i) => `- imagename: other-${i}:latest\n`).join('')

  const found = await discover('newest=version', `container_images:\n${names}- imagename: docker.io/tripleo/nova-api:latest\n`)

  t.match(found.json().images, [{ imagename: 'docker.io/tripleo/nova-api:v2', chosen_by: 'newest version' }])
  t.equal(found.json().left_out.length, 12)
})

t.test('a list and a heat environment are written, with what else the list says', async (t) => {
  const discover = await start(t)

  const yaml = await discover('tag=abc&format=yaml')
  const heat = await discover('tag=abc&format=heat')

  t.match(yaml.body, /^# what we deploy\ncontainer_images:\n- imagename: "docker.io\/tripleo\/nova-api:abc" # the API\n/)
  t.strictSame(parse(yaml.body), {
    container_images: [
      {
        imagename: 'docker.io/tripleo/nova-api:abc',
        image_source: 'tripleo',
        params: ['ContainerNovaApiImage', 'ContainerNovaConfigImage']
      },
      { imagename: 'tripleo/heat:abc', params: ['ContainerHeatImage'] }
    ]
  })
  t.strictSame(parse(heat.body), {
    parameter_defaults: {
      ContainerHeatImage: 'tripleo/heat:abc',
      ContainerNovaApiImage: 'docker.io/tripleo/nova-api:abc',
      ContainerNovaConfigImage: 'docker.io/tripleo/nova-api:abc'
    }
  })
})

t.test('of images that were registered at the same time the one that was made last is the newest', async (t) => {
  const { app } = await startWithTarballs(t)
  for (const [tag, created] of [
    ['a', '2026-01-01T23:00:00-05:00'],
    ['b', '2026-01-02T01:00:00Z'],
    ['c', '0001-01-01T00:00:00Z']
  ]) {
    const url = `/api/v1/containers/${encodeURIComponent(`tie:${tag}`)}/images/amd64`
    const headers = { 'content-type': 'application/octet-stream' }
    await app.inject({ method: 'PUT', url, payload: tarball({ tags: [`tie:${tag}`], document: { created } }), headers })
  }

  const found = await app.inject({
    ...{ method: 'POST', url: '/api/v1/image-list/discover?newest=registration', headers: { 'content-type': 'application/yaml' } },
    payload: 'container_images:\n- imagename: tie:latest\n'
  })

  t.match(found.json().images, [{ imagename: 'tie:a', chosen_by: 'newest registration' }])
})

t.test('a tag that a channel moves is not the newest, unless its repository has no other', async (t) => {
  const { app } = await startWithTarballs(t)
  const payload = { version: '1', digest: 'd', url: 's3://b/x' }
  for (const id of ['x:v1', 'x:v2']) await app.inject({ method: 'PUT', url: `/api/v1/containers/${encodeURIComponent(id)}`, payload })
  for (const [channel, to] of [
    ['zzz', {}],
    ['9', { namespace: 'stable' }]
  ] as const) {
    const moved = await app.inject({ method: 'PUT', url: `/api/v1/channels/${channel}`, payload: { set: ['x:v1'], to } })
    t.equal(moved.statusCode, 200)
  }

  for (const rule of ['registration', 'version']) {
    const found = await app.inject({
      ...{ method: 'POST', url: `/api/v1/image-list/discover?newest=${rule}`, headers: { 'content-type': 'application/yaml' } },
      payload: 'container_images:\n- imagename: x:latest\n- imagename: stable/x:latest\n'
    })

    t.match(found.json(), { images: [{ imagename: 'x:v2' }, { imagename: 'stable/x:9' }], left_out: [] }, rule)
  }
})

t.test('what was left out stands in a list and a heat environment as comments', async (t) => {
  const discover = await start(t)
  const hostile = 'container_images:\n- imagename: "x/y\\nparameter_defaults: {evil: 1}\\u2028z:1"\n'

  for (const format of ['yaml', 'heat']) {
    const { body } = await discover(`tag=abc&format=${format}`)
    const { body: none } = await discover(`tag=abc&format=${format}`, hostile)

    t.match(body, /\n# left out: tripleo\/none:latest: there is no such repository\n$/)
    t.match(none, /\n# left out: x\/y parameter_defaults: \{evil: 1\} z:1: there is no such repository\n$/)
    t.strictSame(parse(none), format === 'yaml' ? { container_images: [] } : { parameter_defaults: {} })
  }
})

t.test('what is wrong with a list is said', async (t) => {
  const discover = await start(t)
  const wrong: [query: string, body: string, detail: RegExp][] = [
    ['', list, /tag is missing; expected tag, newest or tag_from_label/],
    ['tag=a&newest=version', list, /only one of/],
    ['tag=a', '- imagename: "x:{{tag}}"', /keys that are not filled/],
    ['tag=a', 'images: []', /it has no list container_images/],
    ['tag=a', 'container_images:\n- imagename: "a', /the image list: .*line 2/],
    ['tag=a', 'container_images: [a]', /entry 1 is not a mapping/],
    ['tag=a', 'container_images: [{name: a}]', /entry 1 has no imagename/],
    ['tag=a', 'container_images: [{imagename: a, params: "A"}]', /entry 1 has params that are no list/],
    ['tag=a', 'container_images: [{imagename: a, params: ["A: b"]}]', /entry 1 has wrong params; expected names of Heat/],
    ['tag=a', 'container_images: [{imagename: \u0082}]', /it has control characters/]
  ]
  for (const [query, body, detail] of wrong) t.match((await discover(query, body)).json(), { status: 400, detail }, body)
})
