import { asFields, asList, parsedJson } from '../json/reading.ts'
import type { OciManifest } from './manifest.ts'
import { mediaTypes } from './media-types.ts'

/** Returns the tag that lists what refers to a manifest, where a registry has no referrers API (distribution specification 1.1). */
export const referrersTag = (digest: string): string => digest.replace(':', '-')

/** Returns the tags under which cosign finds what it attached to a manifest. */
export const attachedTags = (digest: string): string[] => ['sig', 'att', 'sbom'].map((what) => `${referrersTag(digest)}.${what}`)

interface Referring {
  digest: string
  bytes: Uint8Array
  content: Pick<OciManifest, 'mediaType' | 'artifactType' | 'annotations'>
}

/** Returns the list under such a tag with more in it; a new one where there is none. */
export function listWith(list: string | undefined, more: readonly Referring[]): string {
  const added = more.map(({ digest, bytes, content: { mediaType, artifactType, annotations } }) => ({
    ...{ mediaType, digest, size: bytes.length, artifactType },
    ...(Object.keys(annotations).length > 0 && { annotations })
  }))
  const manifests = [...asList(asFields(parsedJson(list ?? ''))?.['manifests']), ...added]
  return JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests })
}

/** Returns whether nothing would be lost if one manifest took the place of another: each signature is a layer. */
export const holdsAllOf = ({ layers }: Pick<OciManifest, 'layers'>, before: Pick<OciManifest, 'layers'>): boolean =>
  before.layers.every(({ digest }) => layers.some((layer) => layer.digest === digest))
