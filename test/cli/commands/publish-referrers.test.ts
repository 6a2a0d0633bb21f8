import t from 'tap'
import { startMeddlingProxy } from '../../support/meddling-proxy.ts'
import { digestOfBytes, manifestType } from '../../support/oci.ts'
import { pushArtifact, pushList } from '../../support/published.ts'
import { serve } from '../served.ts'

const [ours, other] = [await serve(t), await serve(t)]
const repository = 'signed/hello'
const pushed = await pushList(ours.url, `${repository}:v1`)
const attach = (subject: Buffer, ...texts: string[]) => pushArtifact(ours.url, repository, { subject, texts })
const tagOf = (bytes: Buffer, end = '') => digestOfBytes(bytes).replace(':', '-') + end
const sbom = await attach(pushed.manifests.arm64, 'what is in it')
const about = { index: await attach(pushed.bytes, 'signed'), sbom: await attach(sbom, 'signed, too') }
const cosign = { subject: pushed.manifests.amd64, tag: tagOf(pushed.manifests.amd64, '.sig') }
const signature = await pushArtifact(ours.url, repository, { tag: cosign.tag, texts: ['one'] })

/** The manifests that a list of the other registry names, at this path. */
async function listed(path: string): Promise<{ digest: string }[] | undefined> {
  const reply = await fetch(`${other.url}/v2/${path}`)
  return reply.ok ? (await reply.json()).manifests : undefined
}

for (const hasApi of [true, false]) {
  t.test(`signatures come along before the tag, to a registry ${hasApi ? 'with' : 'without'} the referrers API`, async (t) => {
    const name = `to/${hasApi ? 'api' : 'tags'}`
    const there = await startMeddlingProxy(t, {
      target: other.url,
      meddle: ({ url }) => (hasApi || !/\/referrers\//.test(url!) ? undefined : { status: 404 })
    })
    const publish = (...args: string[]) =>
      ours.json(['publish', `${repository}:v1`, '--to', `${there.host}/${name}:v1`, '--referrers', ...args])
    const at = (subject: Buffer) => listed(`${name}/${hasApi ? `referrers/${digestOfBytes(subject)}` : `manifests/${tagOf(subject)}`}`)

    const dry = await publish('--dry-run')
    t.match(dry.value, { dryRun: true, referrers: 4, blobs: { sent: { blobs: 12 } } })
    t.equal((await fetch(`${other.url}/v2/${name}/tags/list`)).status, 404, 'a dry run sends nothing')
    const first = await publish()

    t.match(first, { status: 0, value: { unchanged: false, referrers: 4, digest: digestOfBytes(pushed.bytes) } })
    const entry = { mediaType: manifestType, artifactType: 'application/vnd.example.signature', annotations: { made: 'by hand' } }
    for (const [subject, referrer] of [
      [pushed.bytes, about.index],
      [pushed.manifests.arm64, sbom],
      [sbom, about.sbom]
    ] as const) {
      t.strictSame(await at(subject), [{ ...entry, digest: digestOfBytes(referrer), size: referrer.length }])
    }
    const tagged = await fetch(`${other.url}/v2/${name}/manifests/${cosign.tag}`)
    t.equal(digestOfBytes(Buffer.from(await tagged.arrayBuffer())), digestOfBytes(signature))
    const puts = there.asked.filter((asked) => /^PUT .*\/manifests\//.test(asked))
    const place = (reference: string) => puts.indexOf(`PUT /v2/${name}/manifests/${reference}`)
    t.ok(place(digestOfBytes(pushed.bytes)) < place(digestOfBytes(about.index)), 'the list is there before what refers to it')
    t.equal(place('v1'), puts.length - 1, 'and the tag comes last')

    there.asked.length = 0
    t.match((await publish()).value, { unchanged: true, referrers: 0, blobs: { sent: { blobs: 0 } } })
    t.notOk(
      there.asked.some((asked) => asked.startsWith('P')),
      'nothing is sent again'
    )
  })
}

t.test('what was signed later comes along by itself, and what is listed there already stays', async (t) => {
  const there = await startMeddlingProxy(t, {
    target: other.url,
    meddle: ({ url }) => (/\/referrers\//.test(url!) ? { status: 404 } : undefined)
  })
  await pushList(ours.url, 'later/hello:v1')
  const to = ['--to', `${there.host}/to/later:v1`]
  await ours.run(['publish', 'later/hello:v1', ...to])
  const theirs = {
    mediaType: manifestType,
    digest: digestOfBytes(pushed.manifests.amd64),
    size: pushed.manifests.amd64.length,
    theirs: true
  }
  const list = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [theirs] }))
  const put = await fetch(`${other.url}/v2/to/later/manifests/${tagOf(pushed.bytes)}`, {
    method: 'PUT',
    body: new Uint8Array(list),
    headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' }
  })
  t.equal(put.status, 201)

  const later = await pushArtifact(ours.url, 'later/hello', { subject: pushed.bytes, texts: ['signed later'] })
  const { status, stdout } = await ours.run(['publish', 'later/hello:v1', ...to, '--referrers'])

  t.match({ status, stdout }, { status: 0, stdout: /published: .*; sent 2 blobs \(14 B\), 1 referrer$/m })
  t.match(await listed(`to/later/manifests/${tagOf(pushed.bytes)}`), [theirs, { digest: digestOfBytes(later) }])
})

t.test("another's signature is not replaced, and one with more in it takes its place", async (t) => {
  const to = `${new URL(other.url).host}/to/foreign:v1`
  const publish = () => ours.run(['publish', `${repository}:v1`, '--to', to, '--referrers'])
  const put = (...texts: string[]) => pushArtifact(other.url, 'to/foreign', { tag: cosign.tag, texts })

  await put('theirs', 'one')
  const refused = await publish()
  t.match(refused, { status: 1, stderr: /sha256-[0-9a-f]{64}\.sig has what .* does not have, and would lose it; remove that tag there/ })
  t.equal((await fetch(`${other.url}/v2/to/foreign/manifests/v1`)).status, 404)

  await put('one')
  await put()
  t.equal((await publish()).status, 0)
  t.equal(
    (await fetch(`${other.url}/v2/to/foreign/manifests/${cosign.tag}`)).headers.get('docker-content-digest'),
    digestOfBytes(signature)
  )
})

t.test('pull brings them in, the same way', async (t) => {
  const { value } = await other.json(['pull', `${new URL(ours.url).host}/${repository}:v1`, '--id', 'in/hello:v1', '--referrers'])

  t.match(value, { id: 'in/hello:v1', referrers: 4, container: { images: { amd64: { verdict: 'match' } } } })
  t.match(await listed(`in/hello/referrers/${digestOfBytes(sbom)}`), [{ digest: digestOfBytes(about.sbom) }])
})

t.test('without --referrers none of it is looked for', async (t) => {
  const there = await startMeddlingProxy(t, { target: other.url, meddle: () => undefined })

  const { status } = await ours.run(['publish', `${repository}:v1`, '--to', `${there.host}/to/without:v1`])

  t.equal(status, 0)
  t.notOk(there.asked.some((asked) => /referrers|sha256-/.test(asked)))
})
