import { digestOfBytes } from '../test/support/oci.ts'
import type { BigLayer } from './big-image.ts'
import { run } from './load.ts'
import type { Server } from './server.ts'

export interface FileToPush extends BigLayer {
  file: string
}

/** Begins an upload and returns where its bytes are put. Distribution has no upload in one request. */
export async function beginUpload(url: string, { repository, digest }: { repository: string; digest: string }): Promise<string> {
  const begun = await fetch(`${url}/v2/${repository}/blobs/uploads/`, { method: 'POST' })
  const place = new URL(begun.headers.get('location')!, url)
  place.searchParams.set('digest', digest)
  return place.href
}

export async function pushBytes(url: string, { repository, bytes }: { repository: string; bytes: Buffer }): Promise<void> {
  const place = await beginUpload(url, { repository, digest: digestOfBytes(bytes) })
  await checked(await fetch(place, { method: 'PUT', body: new Uint8Array(bytes), headers: { 'content-type': 'application/octet-stream' } }))
}

export async function pushManifest(
  url: string,
  { repository, reference, bytes }: { repository: string; reference: string; bytes: Buffer }
): Promise<void> {
  const { mediaType } = JSON.parse(bytes.toString()) as { mediaType: string }
  const options = { method: 'PUT', body: new Uint8Array(bytes), headers: { 'content-type': mediaType } }
  await checked(await fetch(`${url}/v2/${repository}/manifests/${reference}`, options))
}

/** Pushes an image of one layer under the tag v1, as clients do, and is done when it is registered. */
export async function pushImage({ url }: Server, { repository, layer }: { repository: string; layer: FileToPush }): Promise<void> {
  const { file, digest, size } = layer
  const mediaType = 'application/vnd.oci.image.layer.v1.tar'
  await run('curl', ['-sSf', '-T', file, '-H', 'content-type: application/octet-stream', await beginUpload(url, { repository, digest })])
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', config: { Entrypoint: ['/app'] }, rootfs: { type: 'layers', diff_ids: [digest] } })
  )
  await pushBytes(url, { repository, bytes: config })
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOfBytes(config), size: config.length },
      layers: [{ mediaType, digest, size }]
    })
  )
  await pushManifest(url, { repository, reference: 'v1', bytes })
}

async function checked(reply: Response): Promise<void> {
  if (reply.status !== 201) throw new Error(`${reply.status} ${await reply.text()}`)
}
