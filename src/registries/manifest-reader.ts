import { createHash } from 'node:crypto'
import { isCatalogueError } from '../domain/errors.ts'
import { type OciManifest, parseManifest } from '../domain/oci/manifest.ts'
import { mediaTypes } from '../domain/oci/media-types.ts'
import { isDigest } from '../domain/oci/names.ts'
import { registryError } from './registry-error.ts'
import type { RegistryRequests } from './registry-requests.ts'

const { ociIndex, ociManifest, dockerList, dockerManifest } = mediaTypes
/** For Accept. */
export const manifestTypes = [ociIndex, ociManifest, dockerList, dockerManifest].join(', ')

/** A manifest as it was read. */
export interface ReadManifest {
  digest: string
  bytes: Buffer
  content: OciManifest
}

export interface RepositoryParts {
  host: string
  requests: RegistryRequests
  /** Without the registry. */
  repository: string
  /** Another repository of the same registry to mount the blob from. */
  mountFrom?: string | undefined
}

export const unusableAnswer = (host: string, { what, why }: { what: string; why: string }) =>
  registryError('unusable', { message: `${host} answered ${what} with what ${why}` })

/** Reads a manifest by tag or digest. Returns undefined where there is none. Throws when it is not what it is said to be. */
export async function readManifest({ host, requests, repository }: RepositoryParts, reference: string): Promise<ReadManifest | undefined> {
  const path = `/v2/${repository}/manifests/${reference}`
  const answer = await requests.read(repository, { path, accept: manifestTypes })
  if (!answer) return undefined
  const { body: bytes, headers } = answer
  const digest = contentDigest(bytes)
  const said = isDigest(reference) ? reference : headerOf(headers, 'docker-content-digest')
  if (said !== undefined && isDigest(said) && said !== digest)
    throw unusableAnswer(host, { what: path, why: `has another digest: ${digest}` })
  const [contentType = ''] = headerOf(headers, 'content-type')?.split(/[;,]/) ?? []
  return parsedManifest(bytes, { host, what: path, contentType: contentType.trim() || undefined })
}

interface ManifestOrigin {
  host: string
  what: string
  contentType?: string | undefined
}

/** Throws when the bytes are no manifest. */
export function parsedManifest(bytes: Buffer, { host, what, contentType }: ManifestOrigin): ReadManifest {
  try {
    return { digest: contentDigest(bytes), bytes, content: parseManifest(bytes.toString('utf8'), { contentType }) }
  } catch (error) {
    if (!isCatalogueError(error)) throw error
    throw unusableAnswer(host, { what, why: `is no manifest: ${error.message.replace(/^the manifest is refused: /, '')}` })
  }
}

export const contentDigest = (bytes: Buffer | string): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

export const headerOf = (headers: { readonly [name: string]: string | string[] | undefined }, name: string): string | undefined =>
  headers[name] === undefined ? undefined : [headers[name]].flat().join()
