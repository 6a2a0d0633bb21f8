import t, { type Test } from 'tap'
import { appLayer, baseLayer, sha256 } from '../../support/images.ts'
import { startWithTarballs, tarball, type WithTarballs } from '../../support/tarballs.ts'

/*
 * Reading a tarball takes its time, and meanwhile others bring images. What is learnt is about the image that was read, and about no
 * other.
 */

const base = '/api/v1/containers/hello%3A1'
const octets = { 'content-type': 'application/octet-stream' }
const first = tarball()
const second = tarball({ config: { Env: ['VERSION=2'] } })
/** What says amd64, and is not. */
const liar = tarball({ layers: [baseLayer('arm64'), appLayer('arm64')] })

const put = ({ app }: WithTarballs, payload: Buffer, headers = {}) =>
  app.inject({ method: 'PUT', url: `${base}/images/amd64`, headers: { ...octets, ...headers }, payload })

/** Once, right after a tarball was opened to be read. */
function meanwhile({ blobs }: WithTarballs, happens: () => Promise<unknown>): void {
  const { get } = blobs
  blobs.get = async (...asked) => {
    const opened = await get(...asked)
    blobs.get = get
    await happens()
    return opened
  }
}

const work = ({ catalogue }: WithTarballs) => catalogue.verifier!.work({ atOnce: 1, signal: new AbortController().signal })

async function stands(t: Test, { app }: WithTarballs, { payload }: { payload: Buffer }): Promise<void> {
  const { images } = (await app.inject(base)).json()
  t.match(images.amd64, { verdict: 'match', sha256: sha256(payload) })
}

t.test('an image that came while the one before it was verified stays proven', async (t) => {
  const server = await startWithTarballs(t)
  await server.app.inject({ method: 'PUT', url: '/storage/own.tar.gz', payload: first })
  await server.app.inject({
    method: 'PUT',
    url: `${base}/images/amd64`,
    payload: { url: 'http://127.0.0.1:0/storage/own.tar.gz', digest: 'd' }
  })
  meanwhile(server, () => put(server, second))

  t.equal(await work(server), 1)

  await stands(t, server, { payload: second })
  await work(server)
  await stands(t, server, { payload: second })
})

t.test('nor does who asks for a verification write over it', async (t) => {
  const server = await startWithTarballs(t)
  await put(server, first)
  meanwhile(server, () => put(server, second))

  const reply = await server.app.inject({ method: 'POST', url: `${base}/images/amd64/verify` })

  t.equal(reply.json().image.sha256, sha256(second))
  await stands(t, server, { payload: second })
})

t.test('a right image that came while the one before it was relabelled stays where it is', async (t) => {
  const server = await startWithTarballs(t)
  await put(server, liar)
  meanwhile(server, () => put(server, first))

  const reply = await server.app.inject({ method: 'POST', url: `${base}/images/amd64/relabel` })

  t.match(reply.json(), { status: 409, code: 'revision_conflict' })
  await stands(t, server, { payload: first })
  t.strictSame(Object.keys((await server.app.inject(base)).json().images), ['amd64'])
})

t.test('an upload that the record refuses leaves what stands there as proven as it was', async (t) => {
  const server = await startWithTarballs(t)
  await put(server, first)

  const stale = await put(server, second, { 'if-none-match': '*' })
  t.equal((await server.blobs.list({ limit: 10 })).items.length, 1, 'what is refused at once is not stored')
  const { put: really } = server.stores.containers
  server.stores.containers.put = async () => {
    throw new Error('the disk is on fire')
  }
  const failed = await put(server, second)
  server.stores.containers.put = really

  t.equal(stale.statusCode, 412)
  t.equal(failed.statusCode, 500)
  await stands(t, server, { payload: first })
})
