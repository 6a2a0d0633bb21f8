import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { temporaryDirectory } from '../stores/embedded/directory.ts'
import { appLayer, baseLayer } from './images.ts'
import { digestOfBytes, indexOf, manifestType, ociPusher, overHttp } from './oci.ts'

export interface PushedList {
  /** Of the index, and of its images by architecture. */
  bytes: Buffer
  manifests: { amd64: Buffer; arm64: Buffer }
}

/** Pushes an image for amd64 and one for arm64, and an index of them, to any registry. */
export async function pushList(url: string, name: string, { ballast = 0 }: { ballast?: number } = {}): Promise<PushedList> {
  const [repository, tag] = name.split(':') as [string, string]
  const pusher = ociPusher(overHttp(url))
  const image = async (architecture: 'amd64' | 'arm64') => {
    const layers = [baseLayer(architecture), appLayer(architecture), [{ name: 'ballast', body: Buffer.alloc(ballast, architecture) }]]
    return (await pusher.image(repository, '', { architecture, layers })).manifest
  }
  const manifests = { amd64: await image('amd64'), arm64: await image('arm64') }
  const bytes = indexOf(Object.entries(manifests).map(([architecture, manifest]) => ({ bytes: manifest, architecture })))
  const { statusCode, body } = await pusher.manifest(repository, tag, { bytes })
  if (statusCode !== 201) throw new Error(`${name}: ${statusCode} ${body}`)
  return { bytes, manifests }
}

/** A folder with docker's configuration, as `docker login` leaves it. */
export function dockerLogin(t: Test, logins: Record<string, string>): string {
  const folder = join(temporaryDirectory(t), 'docker')
  mkdirSync(folder)
  const auths = Object.entries(logins).map(([host, login]) => [host, { auth: Buffer.from(login).toString('base64') }])
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths: Object.fromEntries(auths) }))
  return folder
}

interface Artifact {
  /** The bytes of the manifest that it refers to. */
  subject?: Buffer
  /** Without one it is put by its digest. */
  tag?: string
  /** Of its layers. */
  texts: string[]
}

/** Pushes what is no image, such as a signature, to any registry; returns the bytes of its manifest. */
export async function pushArtifact(url: string, repository: string, { subject, tag, texts }: Artifact): Promise<Buffer> {
  const pusher = ociPusher(overHttp(url))
  const described = (bytes: Buffer, mediaType: string) => ({ mediaType, digest: digestOfBytes(bytes), size: bytes.length })
  const [config, ...layers] = ['{}', ...texts].map((text) => Buffer.from(text))
  for (const bytes of [config!, ...layers]) await pusher.blob(repository, bytes)
  const manifest = {
    ...{ schemaVersion: 2, mediaType: manifestType, artifactType: 'application/vnd.example.signature' },
    config: described(config!, 'application/vnd.oci.empty.v1+json'),
    layers: layers.map((bytes) => described(bytes, 'text/plain')),
    ...(subject && { subject: described(subject, JSON.parse(subject.toString()).mediaType) }),
    annotations: { made: 'by hand' }
  }
  const bytes = Buffer.from(JSON.stringify(manifest))
  const { statusCode, body } = await pusher.manifest(repository, tag ?? digestOfBytes(bytes), { bytes })
  if (statusCode !== 201) throw new Error(`${repository}: ${statusCode} ${body}`)
  return bytes
}
