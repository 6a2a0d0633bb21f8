import { createHash } from 'node:crypto'
import type { Compression } from './compression.ts'
import { extractMembers, type WantedMember } from './extract-members.ts'
import { derivedManifestText } from './found-image.ts'
import type { ImageFacts } from './image-report.ts'
import { paddingAfter, tarEnd, tarHeaderOf } from './tar-writer.ts'

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
  /** Throws when a tarball has changed since it was read. Holds only one chunk at a time. */
  bytes(): AsyncGenerator<Buffer>
}

interface Blob {
  digest: string
  size: number
}
type TextBlob = Blob & { text: Buffer }
type MemberBlob = Blob & WantedMember

const indexType = 'application/vnd.oci.image.index.v1+json'

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
    const { text, members } = blobsOf(image.facts) ?? {}
    if (!members) return undefined
    if (text) texts.push(...[text].filter(fresh))
    parts.push({ image, members: members.filter(fresh) })
  }
  const index = textBlob(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: images.map(({ descriptor }) => descriptor) }))
  const files = [
    { path: 'oci-layout', text: Buffer.from('{"imageLayoutVersion":"1.0.0"}') },
    { path: 'index.json', text: Buffer.from(layoutIndex(index, name)) },
    ...[index, ...texts].map((blob) => ({ path: pathOf(blob), text: blob.text }))
  ]
  const sizes = [...files.map(({ text }) => text.length), ...parts.flatMap(({ members }) => members.map(({ size }) => size))]

  async function* bytes(): AsyncGenerator<Buffer> {
    for (const { path, text } of files) yield Buffer.concat([tarHeaderOf(path, text.length), text, paddingAfter(text.length)])
    for (const { image, members } of parts) {
      if (members.length === 0) continue
      const source = await image.open()
      try {
        for await (const { wanted, bytes } of extractMembers(source, members)) {
          yield tarHeaderOf(pathOf(wanted), wanted.size)
          yield* checked(bytes, wanted)
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

const pathOf = ({ digest }: Blob): string => `blobs/${digest.replace(':', '/')}`

/** A single descriptor, because clients expect one image per layout; they choose the platform from the index it points to. */
function layoutIndex({ digest, size }: Blob, name: string | undefined): string {
  const annotations = name === undefined ? {} : { annotations: { 'org.opencontainers.image.ref.name': name } }
  return JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [{ mediaType: indexType, digest, size, ...annotations }] })
}

function textBlob(text: string): TextBlob {
  const bytes = Buffer.from(text)
  return { digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, size: bytes.length, text: bytes }
}

/** Returns the members that hold an image's blobs, and its manifest's text when that is derived. Undefined when the report does not tell. */
function blobsOf({ config, manifest, layers }: LayoutImage['facts']): { text?: TextBlob; members: MemberBlob[] } | undefined {
  if (!config || !manifest) return undefined
  const derived = manifest.derived
  const whole = layers.map(({ digest, size, diffId, unpackedSize, compression, member }) =>
    derived
      ? memberBlob({ digest: diffId, size: unpackedSize, member, unpack: compression })
      : memberBlob({ digest, size, member, unpack: 'none' })
  )
  const members = [...(derived ? [] : [memberBlob({ ...manifest, unpack: 'none' })]), memberBlob({ ...config, unpack: 'none' }), ...whole]
  const told = members.filter((one) => one !== undefined)
  if (told.length < members.length) return undefined
  if (!derived) return { members: told }
  const text = textBlob(derivedManifestText(config, told.slice(1)))
  return text.digest === manifest.digest ? { text, members: told } : undefined
}

interface Told {
  digest: string | null
  size: number | null
  member: string | null | undefined
  unpack: Compression | null
}

/** Reports from earlier versions do not name members. */
const memberBlob = ({ digest, size, member, unpack }: Told): MemberBlob | undefined =>
  digest === null || size === null || !member || unpack === null ? undefined : { digest, size, name: member, unpack }

/** Passes bytes on, and throws when they are not the expected ones. The client then receives fewer bytes than announced, and notices. */
async function* checked(bytes: AsyncGenerator<Buffer>, { name, digest, size }: MemberBlob): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  let length = 0
  for await (const chunk of bytes) {
    hash.update(chunk)
    length += chunk.length
    if (length > size) break
    yield chunk
  }
  if (length !== size || `sha256:${hash.digest('hex')}` !== digest) {
    throw new Error(
      `the member ${JSON.stringify(name.slice(0, 200))} no longer holds the ${size} bytes with digest ${digest} that were found when it was inspected`
    )
  }
}
