import type { Test } from 'tap'
import type { Doors } from './history-cases.ts'
import { eventually } from './processes.ts'

const path = (id: string) => `/api/v1/containers/${encodeURIComponent(id)}`
const images = (id: string) => ({ amd64: `s3://b/${id}.tar`, arm64: { url: `s3://b/${id}-arm64.tar`, digest: 'sha256:arm' } })

/** What whole containers, batches, plans and reports are to a client, on whatever store. */
export async function containerCases(t: Test, [one, two]: Doors): Promise<void> {
  await t.test('a container that one replica put is patched and removed through the other', async (t) => {
    const put = await one.ask('PUT', path('whole:v1'), { body: { digest: 'd', images: images('whole') } })
    t.equal(put.status, 201)
    const again = await two.ask('PUT', path('whole:v1'), {
      body: { digest: 'd', images: { aarch64: images('whole').arm64, x86_64: 's3://b/whole.tar' } }
    })
    t.match(again, { status: 200, body: { unchanged: true, container: { revision: put.body.container.revision } } })

    const stale = await two.ask('PATCH', path('whole:v1'), { body: { version: 'v2' }, headers: { 'if-match': '"00000000.1.1"' } })
    t.equal(stale.status, 412)
    const headers = { 'if-match': put.headers.get('etag')! }
    const patched = await two.ask('PATCH', path('whole:v1'), { body: { images: { arm64: null } }, headers })
    t.strictSame(Object.keys(patched.body.container.images), ['amd64'])
    t.equal((await one.ask('PATCH', path('whole:v1'), { body: { version: 'v2' }, headers })).status, 412)

    t.equal((await one.ask('DELETE', `${path('whole:v1')}?dryRun=true`)).body.removed, false)
    t.match(await one.ask('DELETE', path('whole:v1')), { status: 200, body: { removed: true, warnings: [] } })
    t.equal((await two.ask('GET', path('whole:v1'))).status, 404)
  })

  await t.test('batches that overlap, through two replicas, are each applied as a whole', async (t) => {
    const ids = ['left:v1', 'right:v1']
    const batch = (i: number) => ({
      items: (i % 2 ? ids : [...ids].reverse()).map((id) => ({ id, op: 'put', container: { digest: `${i}`, url: `s3://b/${i}.tar` } }))
    })

    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, i) => (i % 2 ? one : two).ask('POST', '/api/v1/batch', { body: batch(i) }))
    )

    for (const { status, body } of replies) t.ok(status === 200 || (status === 409 && body.code === 'revision_conflict'), `${status}`)
    t.ok(replies.some(({ status }) => status === 200))
    const [left, right] = await Promise.all(ids.map(async (id) => (await one.ask('GET', path(id))).body))
    t.equal(left.digest, right.digest, 'both are of the same batch')
    t.equal(left.url, right.url)
  })

  await t.test('a batch with one wrong item changes nothing', async (t) => {
    const items = [
      { id: 'none:v1', op: 'put', container: { digest: 'd', url: 's3://b/x.tar' } },
      { id: 'nowhere:v1', op: 'delete-image', architecture: 'arm64' }
    ]

    const refused = await one.ask('POST', '/api/v1/batch', { body: { items } })
    const each = await one.ask('POST', '/api/v1/batch', { body: { items, atomic: false } })

    t.match(refused, { status: 404, body: { code: 'container_unknown', errors: [{ path: 'items[1]' }] } })
    t.match(each, { status: 200, body: { applied: 1, results: [{ status: 201 }, { status: 404 }] } })
  })

  await t.test('what follows from containers: plan, manifest list, where a job can run, what machines ask for', async (t) => {
    await one.ask('PUT', path('plan:v1'), { body: { digest: 'd', images: images('plan') } })
    const sources = { amd64: { commit: 'c' }, arm64: { commit: 'c' } }
    const plan = await two.ask('POST', '/api/v1/plan', { body: { container: 'plan:v1', sources } })
    t.match(plan, { status: 200, body: { build: ['amd64', 'arm64'], steps: [{ code: 'source_unknown' }, { code: 'source_unknown' }] } })
    const manifest = await two.ask('GET', `${path('plan:v1')}/manifest?format=docker`)
    t.match(manifest.body, { manifests: [], unproven: [{ architecture: 'amd64' }, { architecture: 'arm64' }], pullable: false })

    const spec = {
      id: 'job-plan',
      container: 'plan:v1',
      dependency_images: [{ container_image_name: 'plan:v1', container_image_url: 's3://b/plan.tar' }]
    }
    await one.ask('POST', '/job_spec/add', { body: new URLSearchParams({ spec: JSON.stringify(spec) }) })
    t.match(await two.ask('GET', '/api/v1/specs/job-plan/report'), {
      status: 200,
      body: { architectures: ['amd64'], ifFilled: ['amd64', 'arm64'] }
    })

    await one.ask('GET', '/container/resolve?id=plan:v1&arch=s390x')
    const row = await eventually(
      async () => {
        const { body } = await two.ask('GET', '/api/v1/architectures')
        return body.architectures.find(({ architecture }: { architecture: string }) => architecture === 's390x')
      },
      { what: 'a machine that was refused is counted', everyMs: 500 }
    )
    t.match(row, { refused: 1, lacking: [{ container: 'plan:v1', refused: 1 }] })
  })
}
