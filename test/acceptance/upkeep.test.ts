import t, { type Test } from 'tap'
import { installHysds } from '../support/hysds.ts'
import { onEngine, ready, startLeporello } from '../support/leporello.ts'
import { eventually, runProgram } from '../support/processes.ts'
import { projectFolder } from '../support/project.ts'
import { startS3 } from '../support/s3.ts'
import { sharedEngine } from '../support/shared-engine.ts'
import { tarball } from '../support/tarballs.ts'

/*
 * Two replicas on a real engine whose lists lag behind, and on a real S3: here it shows whether tarballs of ours go when nobody names
 * them, and never before.
 */
const engine = await sharedEngine('os2')
t.teardown(engine.stop)
await installHysds(engine)
const s3 = await startS3()
t.teardown(() => s3.stop())

const settings = onEngine(engine.url, {
  OBJECTS: 's3',
  S3_ENDPOINT: s3.url,
  S3_BUCKET: s3.bucket,
  S3_REGION: 'us-east-1',
  S3_PATH_STYLE: 'true',
  S3_PREFIX: 'upkeep/',
  DELETE_GRACE: '1500',
  PUBLIC_URL: 'http://registry.example.org'
})

const amd64 = tarball()
const second = tarball({ config: { Env: ['VERSION=2'] } })

async function put(url: string, id: string, body: Buffer): Promise<string> {
  const reply = await fetch(`${url}/api/v1/containers/${encodeURIComponent(id)}/images/amd64`, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream' },
    body: body as Uint8Array<ArrayBuffer>
  })
  const { image } = (await reply.json()) as { image: { url: string } }
  return image.url.split('registry.example.org')[1]!
}

const copy = (url: string, { id, from }: { id: string; from: string }) =>
  fetch(`${url}/api/v1/containers/${encodeURIComponent(id)}/images/amd64`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ from })
  })

const remove = (url: string, id: string) => fetch(`${url}/api/v0.1/container/remove?id=${encodeURIComponent(id)}`)

const isGone = (url: string, path: string) => async () => (await fetch(url + path, { method: 'HEAD' })).status === 404 || undefined

async function command(...args: string[]): Promise<{ code: number | null; output: string }> {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LEPORELLO_')))
  const env = { ...inherited, ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [`LEPORELLO_${name}`, value])) }
  const program = runProgram(['node', `${projectFolder}/build/src/main.js`, ...args], { env })
  const { code } = await program.ended
  return { code, output: program.output() }
}

async function replicas(t: Test) {
  const both = await Promise.all([1, 2].map(() => startLeporello(settings)))
  for (const one of both) t.teardown(one.stop)
  await Promise.all(both.map((one) => ready(one)))
  return both.map(({ url }) => url) as [string, string]
}

t.test(
  'a tarball goes when its last container does, whichever replica hears of it, and a copy made a moment before keeps it',
  async (t) => {
    const [one, other] = await replicas(t)
    const alone = await put(one, 'alone:1', amd64)
    const shared = await put(one, 'shared:1', amd64)

    await remove(other, 'alone:1')
    // the copy is younger than the engine's lists when the removal becomes due
    await copy(one, { id: 'copy:1', from: 'shared:1' })
    await remove(other, 'shared:1')
    await eventually(isGone(one, alone), { what: 'the tarball that nobody names is gone' })
    await eventually(
      async () => {
        const { hits } = (await (await fetch(`${engine.url}/leporello-tasks/_search?q=kind:remove`)).json()) as {
          hits: { total: { value: number } }
        }
        return hits.total.value === 0 || undefined
      },
      { what: 'no removal is left to do' }
    )

    t.equal((await fetch(one + shared, { method: 'HEAD' })).status, 200)
    await remove(one, 'copy:1')
    await eventually(isGone(other, shared), { what: 'the shared one goes with the copy' })
  }
)

t.test('whoever registers it again in another replica while its removal is due keeps it', async (t) => {
  const [one, other] = await replicas(t)
  for (let round = 0; round < 5; round++) {
    const path = await put(one, `back${round}:1`, second)
    await remove(one, `back${round}:1`)
    await new Promise((resolve) => setTimeout(resolve, 300 * round))
    t.equal(await put(other, `back${round}:1`, second), path)
  }
  await new Promise((resolve) => setTimeout(resolve, 4_000))

  for (let round = 0; round < 5; round++) {
    const reply = await fetch(`${one}/api/v1/containers/back${round}%3A1/images/amd64/download`, { redirect: 'follow' })
    t.equal(reply.status, 200, `round ${round}`)
    t.ok(Buffer.from(await reply.arrayBuffer()).equals(second))
  }
})

t.test('fsck sees the same through a replica and by itself, and finds what was taken from under a record', async (t) => {
  const [one] = await replicas(t)
  const path = await put(one, 'lost:1', amd64)
  await eventually(async () => /0 findings|clean/.test((await command('fsck')).output) || undefined, {
    what: 'the lists have caught up',
    everyMs: 1000
  })
  await fetch(one + path, { method: 'DELETE' })

  const [asked, direct] = [await command('fsck', '--deep', '--url', one), await command('fsck', '--deep')]

  for (const { code, output } of [asked, direct]) {
    t.equal(code, 1, output)
    t.match(output, /^missing: lost:1 names containers\/lost-1\/\w{12}\/lost-1\.tar\.gz for amd64, which is not in the store$/m)
    t.match(output, /1 missing \(6 containers, 5 objects/)
  }
})

t.test('a tarball in S3 is inspected by its URL, on a server that is not Amazon', async (t) => {
  const [one] = await replicas(t)
  const path = await put(one, 'inspected:1', amd64)

  const { code, output } = await command('inspect', `s3://${s3.bucket}/upkeep${path.replace('/storage', '')}`, '--arch', 'amd64')

  t.equal(code, 0, output)
  t.match(output, /^MATCH/m)
})
