import { indexText } from '../domain/oci/media-types.ts'
import { type Blob, blobPathOf } from './image-blobs.ts'
import { paddingAfter, tarEnd, tarFileOf, tarHeaderOf } from './tar-writer.ts'

/** A part of an archive: bytes, or a blob by its digest. */
export type ArchivePart = { bytes: Buffer } | Blob

export interface PushedImage {
  manifest: { digest: string; mediaType: string; text: string }
  config: Blob
  /** The layers as the manifest names them. */
  layers: readonly Blob[]
  /** The layers as every image loader takes them: unpacked where they are compressed with zstd. */
  loadable: readonly Blob[]
  /** The container's id. */
  name: string
}

/** Returns an archive for `docker load` and readers of OCI layouts, as `docker save` makes it since version 25; always the same bytes. */
export function pushedArchiveParts({ manifest, config, layers, loadable, name }: PushedImage): ArchivePart[] {
  const blobs = new Map([config, ...layers, ...loadable].map((blob) => [blob.digest, blob]))
  const annotations = { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1) }
  const { digest, mediaType, text } = manifest
  const descriptor = { mediaType, digest, size: Buffer.byteLength(text), annotations }
  const index = indexText([descriptor])
  const loaded = JSON.stringify([{ Config: blobPathOf(config), RepoTags: [name], Layers: loadable.map(blobPathOf) }])
  return [
    textPart('manifest.json', loaded),
    textPart('oci-layout', '{"imageLayoutVersion":"1.0.0"}'),
    textPart('index.json', index),
    textPart(blobPathOf(manifest), text),
    ...[...blobs.values()].flatMap((blob) => [
      { bytes: tarHeaderOf(blobPathOf(blob), blob.size) },
      blob,
      { bytes: paddingAfter(blob.size) }
    ]),
    { bytes: tarEnd }
  ]
}

const textPart = (path: string, text: string): ArchivePart => ({ bytes: tarFileOf(path, Buffer.from(text)) })

export const sizeOfPart = (part: ArchivePart): number => ('bytes' in part ? part.bytes.length : part.size)
