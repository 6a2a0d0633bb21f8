import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import t from 'tap'
import { appLayer, baseLayer } from '../../support/images.ts'
import { ready, startLeporello } from '../../support/leporello.ts'
import { digestOfBytes, imageToPush, ociPusher, overHttp } from '../../support/oci.ts'
import { repeats } from '../../support/speed.ts'

/** A server that is killed again and again while images are pushed. What it acknowledged is whole, and nothing else is half there. */

const rounds = Number(process.env['OCI_KILLS'] ?? repeats(50, { least: 12 }))

const data = t.testdir()
const server = await startLeporello({ DATA: data })
t.teardown(() => server.stop())
await ready(server)

interface Acknowledged {
  blobs: Map<string, Buffer>
  tags: Map<string, Buffer>
}

/** Pushes until the server is gone; each image is another one. */
async function pushUntilKilled(round: number, acknowledged: Acknowledged): Promise<void> {
  const push = ociPusher(overHttp(server.url))
  for (let i = 0; ; i++) {
    const image = { layers: [baseLayer(), [...appLayer(), { name: 'etc/which', body: `${round} ${i}\n` }]] }
    const { blobs, manifest } = imageToPush(image)
    for (const bytes of blobs) {
      const begun = await push.send('POST', 'crash/blobs/uploads/')
      const at = begun.headers['location'] as string
      await push.send('PATCH', at, { payload: bytes.subarray(0, bytes.length / 2) })
      await push.send('PATCH', at, { payload: bytes.subarray(bytes.length / 2) })
      const done = await push.send('PUT', `${at}?digest=${digestOfBytes(bytes)}`)
      if (done.statusCode !== 201) throw new Error(done.body)
      acknowledged.blobs.set(digestOfBytes(bytes), bytes)
    }
    const tag = `r${round}-i${i}`
    const { statusCode, body } = await push.manifest('crash', tag, { bytes: manifest })
    if (statusCode !== 201) throw new Error(body)
    acknowledged.tags.set(tag, manifest)
  }
}

t.test(`${rounds} kills during pushes`, async (t) => {
  const acknowledged: Acknowledged = { blobs: new Map(), tags: new Map() }
  for (let round = 0; round < rounds; round++) {
    const before = acknowledged.blobs.size
    const pushing = pushUntilKilled(round, acknowledged).catch(() => {})
    while (acknowledged.blobs.size < before + 1 + (round % 5)) await new Promise((resolve) => setTimeout(resolve, round))
    await server.kill()
    await pushing
    await server.restart()
    await ready(server)
  }

  const { send } = ociPusher(overHttp(server.url))
  for (const [digest, bytes] of acknowledged.blobs) {
    t.ok((await send('GET', `crash/blobs/${digest}`)).rawPayload.equals(bytes), digest)
  }
  for (const [tag, manifest] of acknowledged.tags) {
    const reply = await send('GET', `crash/manifests/${tag}`, { headers: { accept: 'application/vnd.oci.image.manifest.v1+json' } })
    t.ok(reply.rawPayload.equals(manifest), tag)
  }
  const { tags } = (await send('GET', 'crash/tags/list')).json() as { tags: string[] }
  for (const tag of tags) {
    const index = await send('GET', `crash/manifests/${tag}`)
    t.equal(index.statusCode, 200, tag)
    for (const { digest } of index.json().manifests) {
      const { config, layers } = (await send('GET', `crash/manifests/${digest}`)).json()
      for (const blob of [config, ...layers]) t.equal((await send('GET', `crash/blobs/${blob.digest}`)).statusCode, 200)
    }
  }
  const fsck = (await (await fetch(`${server.url}/api/v1/fsck?deep=true`)).text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.strictSame(
    fsck.filter(({ type, kind }) => type === 'finding' && kind !== 'facts-about-nothing' && kind !== 'half-uploaded'),
    []
  )
  const found = await onDisk(fsck.flatMap(({ name }) => name ?? []))
  t.strictSame(found.neither, [])
  const counts = `${acknowledged.blobs.size} blobs and ${acknowledged.tags.size} tags acknowledged`
  t.comment(`${rounds} kills: ${counts}; ${found.whole} files whole, ${found.named} named by fsck, ${found.neither.length} neither`)
})

/** Counts what is in the folders of blobs: files whose bytes are what their names say and that a path leads to, and what fsck names. */
async function onDisk(names: readonly string[]): Promise<{ whole: number; named: number; neither: string[] }> {
  const objects = join(data, 'objects')
  const result = { whole: 0, named: 0, neither: [] as string[] }
  for (const folder of ['data', 'incoming', 'uploads']) {
    const entries = await readdir(join(objects, folder), { withFileTypes: true, recursive: true })
    for (const entry of entries.filter((one) => one.isFile())) {
      const path = join(entry.parentPath, entry.name)
      const parts = path.slice(objects.length + 1).split('/')
      if (names.some((name) => parts.includes(basename(name)))) result.named++
      else if (folder === 'data' && (await isWhole(path))) result.whole++
      else result.neither.push(parts.join('/'))
    }
  }
  return result
}

async function isWhole(path: string): Promise<boolean> {
  const [sha256, size] = basename(path).split('-')
  const bytes = await readFile(path)
  return bytes.length === Number(size) && digestOfBytes(bytes) === `sha256:${sha256}`
}
