import { paddingAfter, tarEnd, tarHeaderOf } from './tar-writer.ts'

/** A part of an archive: bytes, or a blob by its digest. */
export type ArchivePart = { bytes: Buffer } | { digest: string; size: number }

export interface PushedImage {
  manifest: { digest: string; mediaType: string; text: string }
  config: { digest: string; size: number }
  /** The layers as the manifest names them. */
  layers: readonly { digest: string; size: number }[]
  /** The layers as every image loader takes them: unpacked where they are compressed with zstd. */
  loadable: readonly { digest: string; size: number }[]
  /** The container's id. */
  name: string
}

const indexType = 'application/vnd.oci.image.index.v1+json'

/**
 * Returns the parts of an image archive that both `docker load` and readers of OCI layouts take, as `docker save` has made it since
 * version 25. The same image always gives the same bytes.
 */
export function pushedArchiveParts({ manifest, config, layers, loadable, name }: PushedImage): ArchivePart[] {
  const blobs = new Map([config, ...layers, ...loadable].map((blob) => [blob.digest, blob]))
  const annotations = { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1) }
  const { digest, mediaType, text } = manifest
  const descriptor = { mediaType, digest, size: Buffer.byteLength(text), annotations }
  const index = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [descriptor] })
  const loaded = JSON.stringify([{ Config: pathOf(config), RepoTags: [name], Layers: loadable.map(pathOf) }])
  return [
    ...textParts('manifest.json', loaded),
    ...textParts('oci-layout', '{"imageLayoutVersion":"1.0.0"}'),
    ...textParts('index.json', index),
    ...textParts(pathOf(manifest), text),
    ...[...blobs.values()].flatMap((blob) => [{ bytes: tarHeaderOf(pathOf(blob), blob.size) }, blob, { bytes: paddingAfter(blob.size) }]),
    { bytes: tarEnd }
  ]
}

const pathOf = ({ digest }: { digest: string }): string => `blobs/${digest.replace(':', '/')}`

function textParts(path: string, text: string): ArchivePart[] {
  const bytes = Buffer.from(text)
  return [{ bytes: Buffer.concat([tarHeaderOf(path, bytes.length), bytes, paddingAfter(bytes.length)]) }]
}

export const sizeOfPart = (part: ArchivePart): number => ('bytes' in part ? part.bytes.length : part.size)
