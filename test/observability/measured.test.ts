import t from 'tap'
import { createCatalogue } from '../../src/catalogue/catalogue.ts'
import { background } from '../../src/domain/history/entry.ts'
import { inspectImage } from '../../src/images/inspect-image.ts'
import { measuredInspect, measuredResolve, measuredStores } from '../../src/observability/measured.ts'
import { createMetrics } from '../../src/observability/metrics.ts'
import { inChunks, newDockerSave } from '../support/images.ts'
import { onAppendFailed, openStores, sha256 } from '../support/start-server.ts'
import { tar } from '../support/tar.ts'

t.test('operations on documents are counted by collection, operation and outcome', async (t) => {
  const metrics = createMetrics()
  const stores = measuredStores(await openStores(t), metrics)

  await stores.containers.put('a', '{"id": "a"}')
  await stores.containers.get('a')
  await t.rejects(stores.containers.put('a', '{"id": "a"}', { absent: true }), { code: 'already_exists' })
  for await (const _ of stores.jobSpecs.ids()) {
  }

  const { body } = await metrics.read()
  for (const labels of [
    'collection="containers",operation="put",outcome="ok"',
    'collection="containers",operation="put",outcome="already_exists"',
    'collection="containers",operation="get",outcome="ok"',
    'collection="job_specs",operation="ids",outcome="ok"'
  ]) {
    t.match(body, `leporello_store_operation_duration_seconds_count{${labels}} 1`)
  }
})

t.test('resolves are counted by architecture and outcome, and a name that callers made up is not one more series', async (t) => {
  const metrics = createMetrics()
  const { containers } = createCatalogue(await openStores(t), { guarded: [], hash: sha256, onAppendFailed })
  const resolve = measuredResolve(containers.resolve, metrics)
  const urls = '{"arm64": "s3://b/a.tar"}'
  await containers.add(
    { id: 'a', version: '1', digest: 'd', url: '', urls },
    { publicUrl: 'http://x', merge: false, cause: background('test') }
  )

  await resolve('a', 'aarch64')
  await t.rejects(resolve('a', 'x86_64'))
  await t.rejects(resolve('a', 'made-up-1'))
  await t.rejects(resolve('a', 'made-up-2'))
  await t.rejects(resolve('a', 'no architecture'))
  await t.rejects(resolve('nowhere', 'x86_64'))

  const { body } = await metrics.read()
  t.strictSame(body.match(/^leporello_resolves_total.*$/gm), [
    'leporello_resolves_total{architecture="arm64",outcome="urls"} 1',
    'leporello_resolves_total{architecture="amd64",outcome="image_missing"} 1',
    'leporello_resolves_total{architecture="other",outcome="image_missing"} 2',
    'leporello_resolves_total{architecture="invalid",outcome="architecture_invalid"} 1',
    'leporello_resolves_total{architecture="amd64",outcome="container_unknown"} 1'
  ])
})

t.test('images that were read are counted by what they were found to be, with their sizes', async (t) => {
  const metrics = createMetrics()
  const inspect = measuredInspect(inspectImage, metrics)
  const image = tar(newDockerSave())

  await inspect(inChunks(image))
  await inspect(inChunks(image), { claimed: 'arm64' })
  await t.rejects(inspect(inChunks(image), { claimed: 'no architecture' }))

  const { body } = await metrics.read()
  t.strictSame(body.match(/^leporello_inspection(s_total|_bytes_sum|_duration_seconds_count).*$/gm), [
    'leporello_inspections_total{verdict="match"} 1',
    'leporello_inspections_total{verdict="mislabelled"} 1',
    'leporello_inspection_duration_seconds_count 2',
    `leporello_inspection_bytes_sum ${2 * image.length}`
  ])
})
