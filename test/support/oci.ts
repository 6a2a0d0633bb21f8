import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'

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
