import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { parts, type TestImage } from './images.ts'

export const digestOfBytes = (bytes: Buffer | string): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

export const indexType = 'application/vnd.oci.image.index.v1+json'
export const manifestType = 'application/vnd.oci.image.manifest.v1+json'
/** What docker and skopeo accept for a tag. */
export const everyType = `${manifestType}, ${indexType}, application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json`

export interface IndexDocument {
  mediaType: string
  manifests: { digest: string; size: number; mediaType: string; platform: { architecture: string; os: string; variant?: string } }[]
}

export interface ManifestDocument {
  config: { digest: string; size: number }
  layers: { digest: string; size: number }[]
}

/** Requests as registry clients send them. */
export function ociClient(app: FastifyInstance) {
  const get = (path: string, headers: Record<string, string> = {}) => app.inject({ method: 'GET', url: `/v2/${path}`, headers })
  return {
    get,
    head: (path: string, headers: Record<string, string> = {}) => app.inject({ method: 'HEAD', url: `/v2/${path}`, headers }),
    async index(name: string): Promise<IndexDocument> {
      const [repository, tag] = name.split(':')
      const reply = await get(`${repository}/manifests/${tag}`, { accept: everyType })
      if (reply.statusCode !== 200) throw new Error(`${name}: ${reply.statusCode} ${reply.body}`)
      return reply.json()
    }
  }
}

export const configType = 'application/vnd.oci.image.config.v1+json'
const layerTypes = { none: '.tar', gzip: '.tar+gzip', zstd: '.tar+zstd' }

/** What is pushed of an image: blobs, and a manifest that names them. */
export function imageToPush(image: TestImage = {}): { blobs: Buffer[]; manifest: Buffer; config: Buffer; layers: Buffer[] } {
  const { packing = 'none' } = image
  const { config, packed } = parts({ ...image, packing })
  const described = (bytes: Buffer, mediaType: string) => ({ mediaType, digest: digestOfBytes(bytes), size: bytes.length })
  const manifest = Buffer.from(
    JSON.stringify(
      {
        schemaVersion: 2,
        mediaType: manifestType,
        config: described(config, configType),
        layers: packed.map((layer) => described(layer, `application/vnd.oci.image.layer.v1${layerTypes[packing]}`))
      },
      null,
      2
    )
  )
  return { blobs: [config, ...packed], manifest, config, layers: packed }
}

/** An index with its platforms as buildx writes it. */
export const indexOf = (
  manifests: readonly { bytes: Buffer; architecture: string; variant?: string; os?: string }[],
  mediaType = indexType
): Buffer =>
  Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      manifests: manifests.map(({ bytes, os = 'linux', ...platform }) => ({
        mediaType: JSON.parse(bytes.toString()).mediaType,
        digest: digestOfBytes(bytes),
        size: bytes.length,
        platform: { ...platform, os }
      }))
    })
  )

/** Pushes as registry clients do: blobs first, then manifests. */
export function ociPusher(app: FastifyInstance) {
  const send = (
    method: 'POST' | 'PATCH' | 'PUT' | 'DELETE' | 'GET',
    url: string,
    options: { payload?: Buffer; headers?: Record<string, string> } = {}
  ) => app.inject({ method, url: url.startsWith('/') ? url : `/v2/${url}`, ...options })
  const pusher = {
    send,
    async blob(repository: string, bytes: Buffer) {
      const digest = digestOfBytes(bytes)
      const options = { payload: bytes, headers: { 'content-type': 'application/octet-stream' } }
      const reply = await send('POST', `${repository}/blobs/uploads/?digest=${digest}`, options)
      if (reply.statusCode !== 202) return reply
      // a registry that takes no blob with its POST, as it may
      const { pathname, searchParams } = new URL(String(reply.headers['location']), 'http://registry')
      searchParams.set('digest', digest)
      return send('PUT', `${pathname}?${searchParams}`, options)
    },
    manifest: (
      repository: string,
      reference: string,
      { bytes, type = JSON.parse(bytes.toString()).mediaType }: { bytes: Buffer; type?: string }
    ) => send('PUT', `${repository}/manifests/${reference}`, { payload: bytes, headers: { 'content-type': type } }),
    async image(repository: string, reference: string, image: TestImage = {}) {
      const { blobs, manifest } = imageToPush(image)
      for (const bytes of blobs) {
        const reply = await pusher.blob(repository, bytes)
        if (reply.statusCode !== 201) throw new Error(`${reply.statusCode} ${reply.body}`)
      }
      return { manifest, reply: await pusher.manifest(repository, reference || digestOfBytes(manifest), { bytes: manifest }) }
    }
  }
  return pusher
}

/** Sends the same requests over the network. */
export function overHttp(base: string): FastifyInstance {
  const inject = async ({
    method = 'GET',
    url,
    payload,
    headers = {}
  }: {
    method?: string
    url: string
    payload?: Buffer
    headers?: Record<string, string>
  }) => {
    const reply = await fetch(`${base}${url}`, { method, headers, ...(payload && { body: new Uint8Array(payload) }) })
    const rawPayload = Buffer.from(await reply.arrayBuffer())
    const body = rawPayload.toString()
    return { statusCode: reply.status, headers: Object.fromEntries(reply.headers), rawPayload, body, json: () => JSON.parse(body) }
  }
  return { inject } as unknown as FastifyInstance
}
