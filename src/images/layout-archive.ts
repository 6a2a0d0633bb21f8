import { indexText, mediaTypes } from '../domain/oci/media-types.ts'
import { extractMembers } from './extract-members.ts'
import { type Blob, blobPathOf, checkedBlob, imageBlobs, type MemberBlob, type TextBlob, textBlob } from './image-blobs.ts'
import type { ImageFacts } from './image-report.ts'
import { paddingAfter, tarEnd, tarFileOf, tarHeaderOf } from './tar-writer.ts'

/** One image of the layout. */
export interface LayoutImage {
  /** Its entry in the index. */
  descriptor: { mediaType: string; size: number; digest: string; platform: object }
  /** What reading its tarball found. */
  facts: Pick<ImageFacts, 'config' | 'manifest' | 'layers'>
  /** Opens its tarball at the beginning. */
  open(): Promise<AsyncIterable<Uint8Array> & { destroy(): unknown }>
}

export interface LayoutArchive {
  /** The digest of the index of all images. */
  digest: string
  /** The size of the whole tar, in bytes. */
  size: number
  /** Throws when a tarball has changed since it was read: the client then receives fewer bytes than announced. Holds only one chunk at a time. */
  bytes(): AsyncGenerator<Buffer>
}

/**
 * Builds an OCI layout in a tar, with all images under one index. Blobs of OCI archives are copied; an image from a docker-archive gets the
 * manifest that its report derived, with uncompressed layers. Undefined when a report does not say which members hold an image's parts.
 */
export function layoutArchive(images: readonly LayoutImage[], { name }: { name: string | undefined }): LayoutArchive | undefined {
  const seen = new Set<string>()
  const fresh = ({ digest }: Blob) => !seen.has(digest) && seen.add(digest) !== undefined
  const texts: TextBlob[] = []
  const parts: { image: LayoutImage; members: MemberBlob[] }[] = []
  for (const image of images) {
    const { text, members } = imageBlobs(image.facts) ?? {}
    if (!members) return undefined
    if (text) texts.push(...[text].filter(fresh))
    parts.push({ image, members: members.filter(fresh) })
  }
  const index = textBlob(indexText(images.map(({ descriptor }) => descriptor)))
  const files = [
    { path: 'oci-layout', text: Buffer.from('{"imageLayoutVersion":"1.0.0"}') },
    { path: 'index.json', text: Buffer.from(layoutIndex(index, name)) },
    ...[index, ...texts].map((blob) => ({ path: blobPathOf(blob), text: blob.text }))
  ]
  const sizes = [...files.map(({ text }) => text.length), ...parts.flatMap(({ members }) => members.map(({ size }) => size))]

  async function* bytes(): AsyncGenerator<Buffer> {
    for (const { path, text } of files) yield tarFileOf(path, text)
    for (const { image, members } of parts) {
      if (members.length === 0) continue
      const source = await image.open()
      try {
        for await (const { wanted, bytes } of extractMembers(source, members)) {
          yield tarHeaderOf(blobPathOf(wanted), wanted.size)
          yield* checkedBlob(bytes, wanted)
          yield paddingAfter(wanted.size)
        }
      } finally {
        source.destroy()
      }
    }
    yield tarEnd
  }

  const size = sizes.reduce((sum, one) => sum + tarHeaderOf('', 0).length + one + paddingAfter(one).length, tarEnd.length)
  return { digest: index.digest, size, bytes }
}

/** A single descriptor, because clients expect one image per layout; they choose the platform from the index it points to. */
function layoutIndex({ digest, size }: Blob, name: string | undefined): string {
  const annotations = name === undefined ? {} : { annotations: { 'org.opencontainers.image.ref.name': name } }
  return indexText([{ mediaType: mediaTypes.ociIndex, digest, size, ...annotations }])
}
