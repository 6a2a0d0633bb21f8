import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { RepositoryParts } from './manifest-reader.ts'
import { patiently, type RetryPatience } from './patience.ts'
import { registryError } from './registry-error.ts'
import { createUploads, type OpenUpload } from './uploads.ts'

export interface BlobToSend {
  digest: string
  size: number
  /** Opens the bytes from there on. */
  open(from: number): Promise<Readable>
  /** Hears how many bytes are there. */
  at(bytes: number): void
}

/** How a blob came to be there. */
export type Sent = 'present' | 'mounted' | 'sent'

interface BlobTarget extends RepositoryParts {
  hasBlob(digest: string): Promise<boolean>
}

/** Sends one blob, over as many connections as it takes; where the registry knows how far an upload came, it goes on from there. */
export async function sendBlob(target: BlobTarget, { blob, patience }: { blob: BlobToSend; patience: RetryPatience }): Promise<Sent> {
  const { digest, size } = blob
  const bytes = provenBytes(blob)
  const uploads = createUploads(target)
  let upload: OpenUpload | undefined
  return patiently(patience, async (renew) => {
    if (await target.hasBlob(digest)) return 'present'
    upload = (upload && (await uploads.progressOf(upload.url))) ?? (await uploads.begin(digest))
    if (!upload) return 'mounted'
    const { offset } = upload
    if (offset < size) {
      upload = await uploads
        .append(upload, blob, () => bytes.from(offset, renew))
        .catch((error) => {
          throw bytes.failure() ?? error
        })
    }
    if (bytes.digest() !== digest) {
      await uploads.cancel(upload)
      throw registryError('unusable', { message: `the source has other bytes for ${digest}: ${bytes.digest()}; nothing was kept` })
    }
    await uploads.finish(upload, digest)
    return 'sent'
  })
}

/** Reads a blob once or from several places on, and proves that its bytes have its digest. */
function provenBytes({ digest, size, open, at }: BlobToSend) {
  const hash = createHash('sha256')
  let hashed = 0
  let found: string | undefined
  let failure: Error | undefined

  async function* read(offset: number, renew: () => void): AsyncGenerator<Buffer> {
    let position = offset
    try {
      for await (const chunk of await open(offset)) {
        if (position + chunk.length > size) throw wrongSize(`more than the ${size} bytes`)
        const fresh = chunk.subarray(Math.max(0, hashed - position))
        if (fresh.length > 0) {
          hash.update(fresh)
          hashed += fresh.length
          renew()
        }
        yield chunk
        position += chunk.length
        at(position)
      }
      if (position < size) throw wrongSize(`only ${position} of the ${size} bytes`)
    } catch (error) {
      failure = error as Error
      throw new Error(failure.message)
    }
  }

  const wrongSize = (what: string) => registryError('unusable', { message: `the source has ${what} of ${digest} that its manifest names` })

  return {
    from(offset: number, renew: () => void): Readable {
      failure = undefined
      return Readable.from(read(offset, renew), { objectMode: false })
    },
    /** The digest of all bytes. */
    digest(): string {
      found ??= `sha256:${hash.digest('hex')}`
      return found
    },
    /** Why reading failed, if it did. */
    failure: () => failure
  }
}
