import { createHash } from 'node:crypto'
import type { Compression } from './compression.ts'
import { extractMembers, type WantedMember } from './extract-members.ts'
import { derivedManifestText } from './found-image.ts'
import type { ImageFacts } from './image-report.ts'
import { paddingAfter, tarEnd, tarHeaderOf } from './tar-writer.ts'

/** One image of a layout that is put together. */
export interface LayoutImage {
  /** As an index names it. */
  descriptor: { mediaType: string; size: number; digest: string; platform: object }
  /** What reading its tarball told. */
  facts: Pick<ImageFacts, 'config' | 'manifest' | 'layers'>
  /** Its tarball, which is read from its beginning. */
  open(): Promise<AsyncIterable<Uint8Array> & { destroy(): unknown }>
}

export interface LayoutArchive {
  /** Of the index of all images. */
  digest: string
  /** Of the whole tar, in bytes. */
  size: number
  /** Throws when a tarball is not what it was; nothing of it is held but the piece that is handed on. */
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
 * An OCI layout in a tar, with several images under one index: what their archives hold as OCI is copied, a docker-archive gets the
 * manifest that its report names, over its layers' tars. Undefined for an image means that its report does not tell where things are.
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

/** One descriptor, as clients take "the image" of a layout: they choose the platform from the index that it leads to. */
function layoutIndex({ digest, size }: Blob, name: string | undefined): string {
  const annotations = name === undefined ? {} : { annotations: { 'org.opencontainers.image.ref.name': name } }
  return JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [{ mediaType: indexType, digest, size, ...annotations }] })
}

function textBlob(text: string): TextBlob {
  const bytes = Buffer.from(text)
  return { digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, size: bytes.length, text: bytes }
}

/** Every blob of an image: which member of its archive it is, and a manifest that no member is. Undefined when the report does not tell. */
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

/** A report of an earlier version does not name members. */
const memberBlob = ({ digest, size, member, unpack }: Told): MemberBlob | undefined =>
  digest === null || size === null || !member || unpack === null ? undefined : { digest, size, name: member, unpack }

/** The same bytes, and an error in place of what was not expected. Whoever reads then has less than was announced, and knows. */
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
      `the member ${JSON.stringify(name.slice(0, 200))} is not the ${size} bytes of ${digest} that were found when it was read`
    )
  }
}
