import { createHash } from 'node:crypto'
import type { WantedMember } from './extract-members.ts'
import { derivedManifestText } from './found-image.ts'
import type { ImageFacts } from './image-report.ts'

export interface Blob {
  digest: string
  size: number
}

/** Returns where a blob is in an OCI layout. */
export const blobPathOf = ({ digest }: Pick<Blob, 'digest'>): string => `blobs/${digest.replace(':', '/')}`

export type TextBlob = Blob & { text: Buffer }

/** A blob that is a member of an archive, as it is or decompressed. */
export interface MemberBlob extends Blob, WantedMember {
  /** Where it begins in the uncompressed archive; null where that is not known, or it must be decompressed. */
  offset: number | null
}

export interface ImageBlobs {
  /** The manifest, where the archive holds none. */
  text?: TextBlob
  /** The manifest, where the archive holds it; the configuration; the layers. */
  members: MemberBlob[]
}

export function textBlob(text: string): TextBlob {
  const bytes = Buffer.from(text)
  return { digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, size: bytes.length, text: bytes }
}

/** Returns where an image's blobs are in its archive; undefined when the report does not tell. */
export function imageBlobs({ config, manifest, layers }: Pick<ImageFacts, 'config' | 'manifest' | 'layers'>): ImageBlobs | undefined {
  if (!config || !manifest) return undefined
  const derived = manifest.derived
  const whole = layers.map(({ digest, size, diffId, unpackedSize, compression, member, offset }) =>
    derived
      ? memberBlob({ digest: diffId, size: unpackedSize, member, offset, unpack: compression })
      : memberBlob({ digest, size, member, offset, unpack: 'none' })
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
  member: string | null
  offset?: number | null | undefined
  unpack: MemberBlob['unpack'] | null
}

/** Reports from earlier versions name no members, or not where they begin. */
const memberBlob = ({ digest, size, member, offset, unpack }: Told): MemberBlob | undefined =>
  digest === null || size === null || !member || unpack === null
    ? undefined
    : { digest, size, name: member, unpack, offset: unpack === 'none' ? (offset ?? null) : null }

/** Passes bytes on, and throws when they are not the expected ones: the archive has changed since it was inspected. */
export async function* checkedBlob(
  bytes: AsyncIterable<Buffer>,
  { name, digest, size }: Pick<MemberBlob, 'name' | 'digest' | 'size'>
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  let length = 0
  for await (const chunk of bytes) {
    hash.update(chunk)
    length += chunk.length
    if (length > size) break
    yield chunk
  }
  if (length !== size || `sha256:${hash.digest('hex')}` !== digest) {
    const found = `the ${size} bytes with digest ${digest} that were found when it was inspected`
    throw new Error(`the member ${JSON.stringify(name.slice(0, 200))} no longer holds ${found}`)
  }
}
