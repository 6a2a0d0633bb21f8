import { createHash } from 'node:crypto'
import { isCatalogueError } from '../domain/errors.ts'
import { asFields, asTime } from '../domain/json/reading.ts'
import { type OciManifest, parseManifest, platformArchitecture } from '../domain/oci/manifest.ts'
import { mediaTypes } from '../domain/oci/media-types.ts'
import { isDigest } from '../domain/oci/names.ts'
import { jsonIn, registryError } from './registry-error.ts'
import type { RegistryRequests } from './registry-requests.ts'

/** What an image says about itself. */
export interface RegistryImage {
  labels: Readonly<Record<string, string>>
  /** ISO 8601; null where it does not say. */
  created: string | null
}

const { ociIndex, ociManifest, dockerList, dockerManifest } = mediaTypes
/** For Accept. */
export const manifestTypes = [ociIndex, ociManifest, dockerList, dockerManifest].join(', ')

const maxConfig = 8 * 1024 * 1024

/** Reads an image by tag or digest. Returns undefined where there is none. */
export type ReadImage = (repository: string, reference: string) => Promise<RegistryImage | undefined>

export function createImageReader({ host, requests }: { host: string; requests: RegistryRequests }): ReadImage {
  const unusable = (what: string, why: string) => registryError('unusable', { message: `${host} answered ${what} with what ${why}` })

  async function manifest(repository: string, reference: string): Promise<OciManifest | undefined> {
    const path = `/v2/${repository}/manifests/${reference}`
    const answer = await requests.read(repository, { path, accept: manifestTypes })
    if (!answer) return undefined
    checkDigest(answer.body, reference, path)
    const type =
      [answer.headers['content-type'] ?? []]
        .flat()
        .join()
        .replace(/[;,].*$/s, '')
        .trim() || undefined
    try {
      return parseManifest(answer.body.toString('utf8'), { contentType: type })
    } catch (error) {
      if (!isCatalogueError(error)) throw error
      throw unusable(path, `is no manifest: ${error.message.replace(/^the manifest is refused: /, '')}`)
    }
  }

  function checkDigest(bytes: Buffer, reference: string, what: string): void {
    if (!isDigest(reference)) return
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    if (digest !== reference) throw unusable(what, `has another digest: ${digest}`)
  }

  async function config(repository: string, digest: string): Promise<RegistryImage> {
    const path = `/v2/${repository}/blobs/${digest}`
    const answer = await requests.read(repository, { path, most: maxConfig })
    if (!answer) throw unusable(path, 'is not there, although a manifest names it')
    checkDigest(answer.body, digest, path)
    const fields = asFields(jsonIn(answer.body))
    if (!fields) throw unusable(path, 'is no image configuration')
    const labels = Object.entries(asFields(asFields(fields['config'])?.['Labels']) ?? {})
    return { labels: Object.fromEntries(labels.filter(isTextEntry)), created: asTime(fields['created']) }
  }

  return async (repository, reference) => {
    let found = await manifest(repository, reference)
    if (found?.kind === 'index') {
      const { children } = found
      const runs = children.filter(({ platform }) => platformArchitecture(platform) !== undefined)
      const child = runs.find(({ platform }) => platformArchitecture(platform) === 'amd64') ?? runs[0] ?? children[0]
      if (!child) throw unusable(`/v2/${repository}/manifests/${reference}`, 'is an index of nothing')
      found = await manifest(repository, child.digest)
    }
    if (!found) return undefined
    if (found.kind !== 'image' || !found.config) throw unusable(`/v2/${repository}/manifests/${reference}`, 'is no image')
    return config(repository, found.config.digest)
  }
}

const isTextEntry = (entry: [string, unknown]): entry is [string, string] => typeof entry[1] === 'string'
