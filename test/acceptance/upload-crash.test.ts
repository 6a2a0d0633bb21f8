import t from 'tap'
import { newDockerSave, sha256 } from '../support/images.ts'
import { startLeporello } from '../support/leporello.ts'
import { eventually } from '../support/processes.ts'
import { repeats } from '../support/speed.ts'
import { tar } from '../support/tar.ts'
import { tusClient } from '../support/tus.ts'

const mega = 1024 * 1024
// half of them while the second half of the upload comes, half of them after that
const rounds = 2 * repeats(6, { least: 3 })

/** Different bytes each time, so that each round stores a tarball of its own. */
const tarballOf = (round: number) => tar([...newDockerSave(), { name: 'ballast', body: Buffer.alloc(12 * mega, String(round)) }])

t.test('kill -9 of the server at any moment of an upload: it goes on, and is registered', async (t) => {
  const server = await startLeporello()
  t.teardown(server.stop)
  const client = tusClient(server.url)
  for (let round = 0; round < rounds; round++) {
    const bytes = tarballOf(round)
    const id = `round:${round}`
    const path = await client.begin({ id, architecture: 'amd64', sha256: sha256(bytes) }, bytes.length)
    const first = bytes.length / 2

    await client.patch(path, 0, bytes.subarray(0, first))
    const dying = client.patch(path, first, bytes.subarray(first)).then(
      ({ status }) => status,
      () => 0
    )
    // while the second half comes; and while the tarball is proven, placed and registered
    if (round >= rounds / 2) await eventually(async () => isWhole(await client.ask(path)), { what: 'whole', everyMs: 1 })
    await new Promise((resolve) => setTimeout(resolve, (round % (rounds / 2)) * 12))
    await server.kill()
    await dying
    await server.restart()

    const upload = await (await client.ask(path)).json()
    t.ok(upload.offset >= first, `round ${round}: ${upload.offset} of ${bytes.length} bytes were kept (${upload.state})`)
    if (upload.state !== 'registered') {
      const reply = await client.patch(path, upload.offset, bytes.subarray(upload.offset))
      t.strictSame([reply.status, reply.headers.get('upload-state')], [204, 'registered'])
    }
    const { images } = await (await client.ask(`/api/v1/containers/${encodeURIComponent(id)}`)).json()
    t.match(images, { amd64: { verdict: 'match', sha256: sha256(bytes) } })
    const fetched = await client.ask(new URL(images.amd64.url).pathname)
    t.equal(sha256(Buffer.from(await fetched.arrayBuffer())), sha256(bytes))
  }
})

async function isWhole(reply: Response): Promise<true | undefined> {
  return (await reply.json()).state === 'arriving' ? undefined : true
}

t.test('an upload that nobody goes on with is removed when it has expired, also behind a restart', async (t) => {
  const server = await startLeporello({ UPLOAD_EXPIRY: '2000' })
  t.teardown(server.stop)
  const client = tusClient(server.url)
  const path = await client.begin({ id: 'hello:1' }, 1000)
  await client.patch(path, 0, Buffer.alloc(500))
  await server.kill()
  await server.restart()

  const gone = await eventually(async () => ((await client.head(path)).status === 404 ? true : undefined), {
    what: 'it is removed by itself'
  })

  t.ok(gone)
  t.same(await (await client.ask('/api/v1/uploads')).json(), { items: [] })
})
