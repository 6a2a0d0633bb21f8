import { asFields, asTime, type JsonFields, parsedJson } from '../domain/json/reading.ts'
import { platformArchitecture, textsOf } from '../domain/oci/manifest.ts'
import { contentDigest, type RepositoryParts, readManifest, unusableAnswer } from './manifest-reader.ts'

/** What an image says about itself. */
export interface RegistryImage {
  labels: Readonly<Record<string, string>>
  /** ISO 8601; null where it does not say. */
  created: string | null
}

const maxConfig = 8 * 1024 * 1024

/** Reads an image by tag or digest. Returns undefined where there is none. */
export async function readImage(from: RepositoryParts, reference: string): Promise<RegistryImage | undefined> {
  const { host, repository } = from
  const what = `/v2/${repository}/manifests/${reference}`
  let found = await readManifest(from, reference)
  if (found?.content.kind === 'index') {
    const { children } = found.content
    const runs = children.filter(({ platform }) => platformArchitecture(platform) !== undefined)
    const child = runs.find(({ platform }) => platformArchitecture(platform) === 'amd64') ?? runs[0] ?? children[0]
    if (!child) throw unusableAnswer(host, { what, why: 'is an index of nothing' })
    found = await readManifest(from, child.digest)
  }
  if (!found) return undefined
  const { content } = found
  if (content.kind !== 'image' || !content.config) throw unusableAnswer(host, { what, why: 'is no image' })
  const fields = await readImageConfig(from, content.config.digest)
  return { labels: textsOf(asFields(fields['config'])?.['Labels']), created: asTime(fields['created']) }
}

/** Reads the configuration of an image, which a manifest names by its digest. */
export async function readImageConfig({ host, requests, repository }: RepositoryParts, digest: string): Promise<JsonFields> {
  const path = `/v2/${repository}/blobs/${digest}`
  const answer = await requests.read(repository, { path, most: maxConfig })
  if (!answer) throw unusableAnswer(host, { what: path, why: 'is not there, although a manifest names it' })
  const found = contentDigest(answer.body)
  if (found !== digest) throw unusableAnswer(host, { what: path, why: `has another digest: ${found}` })
  const fields = asFields(parsedJson(answer.body.toString('utf8')))
  if (!fields) throw unusableAnswer(host, { what: path, why: 'is no image configuration' })
  return fields
}
