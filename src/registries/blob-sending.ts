import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { RegistryAnswer } from './exchange.ts'
import { headerOf } from './manifest-reader.ts'
import { type CopyPatience, patiently } from './patience.ts'
import { registryError } from './registry-error.ts'
import type { RegistryRequests } from './registry-requests.ts'

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

export interface BlobTarget {
  host: string
  repository: string
  requests: RegistryRequests
  /** Another repository of the same registry, which may have the blob. */
  mountFrom: string | undefined
  hasBlob(digest: string): Promise<boolean>
}

/** Reading a layer may take a registry that long before its first byte, and so may storing one after its last byte. */
export const transferSilenceMs = 300_000

/** Sends one blob, over as many connections as it takes; where the registry knows how far an upload came, it goes on from there. */
export async function sendBlob(target: BlobTarget, { blob, patience }: { blob: BlobToSend; patience: CopyPatience }): Promise<Sent> {
  const bytes = provenBytes(blob)
  const uploads = createUploads(target)
  let upload: OpenUpload | undefined
  return patiently(patience, async (renew) => {
    if (await target.hasBlob(blob.digest)) return 'present'
    upload = upload && (await uploads.progressOf(upload.url))
    upload ??= await uploads.begin(blob)
    if (!upload) return 'mounted'
    const { offset } = upload
    if (offset < blob.size) upload = { url: await uploads.append(upload, { blob, stream: () => bytes.from(offset, renew), bytes }), offset }
    try {
      bytes.check()
    } catch (error) {
      await uploads.cancel(upload.url)
      throw error
    }
    await uploads.finish(upload.url, blob)
    return 'sent'
  })
}

interface OpenUpload {
  url: string
  offset: number
}

interface Appending {
  blob: BlobToSend
  stream: () => Readable
  bytes: ProvenBytes
}

function createUploads({ host, repository, requests, mountFrom }: BlobTarget) {
  const none = { 'content-length': '0' }
  const bounds = { silenceMs: transferSilenceMs }

  /** Resolves a Location; it may be relative. */
  function locationIn({ headers }: RegistryAnswer, asked: string): string {
    const location = headerOf(headers, 'location') ?? ''
    const base = new URL(asked, `http://${host}/`)
    if (location === '' || !URL.canParse(location, base))
      throw registryError('failed', { message: `${host} does not say where an upload goes on` })
    return /^[a-z]+:/i.test(location) ? location : new URL(location, base).href.replace(base.origin, '')
  }

  /** A registry may have forgotten the upload, or still wait for a connection that broke: then the next try begins anew. */
  const again = ({ status }: RegistryAnswer, what: string) =>
    registryError('failed', { message: `${host} answered ${status} for ${what}`, status: 416 })

  return {
    /** Returns undefined where the blob was mounted. */
    async begin({ digest }: BlobToSend): Promise<OpenUpload | undefined> {
      const path = `/v2/${repository}/blobs/uploads/`
      const mount = mountFrom === undefined ? '' : `?mount=${digest}&from=${mountFrom}`
      const answer = await requests.send(repository, { method: 'POST', path: path + mount, headers: none })
      if (answer.status === 201) return undefined
      if (answer.status !== 202) await requests.refusal(answer, `an upload to ${repository}`)
      return { url: locationIn(answer, path), offset: 0 }
    },

    /** Returns how far an upload came; undefined where the registry does not tell. */
    async progressOf(url: string): Promise<OpenUpload | undefined> {
      const answer = await requests.send(repository, { path: url })
      const [, last] = /^(?:bytes=)?0-(\d+)$/.exec(headerOf(answer.headers, 'range') ?? '') ?? []
      // `0-0` is said of no bytes and of one
      if (answer.status !== 204 || last === undefined || last === '0') return undefined
      return { url: answer.headers['location'] === undefined ? url : locationIn(answer, url), offset: Number(last) + 1 }
    },

    async append({ url, offset }: OpenUpload, { blob, stream, bytes }: Appending): Promise<string> {
      const headers = {
        'content-type': 'application/octet-stream',
        'content-length': String(blob.size - offset),
        ...(offset > 0 && { 'content-range': `${offset}-${blob.size - 1}` })
      }
      const answer = await requests.send(repository, { method: 'PATCH', path: url, headers, stream, ...bounds }).catch((error) => {
        throw bytes.failure() ?? error
      })
      if (answer.status === 404 || answer.status === 416) throw again(answer, `a part of ${blob.digest}`)
      if (answer.status < 200 || answer.status > 204) await requests.refusal(answer, `a part of ${blob.digest}`)
      return locationIn(answer, url)
    },

    async finish(url: string, { digest }: BlobToSend): Promise<void> {
      const path = `${url}${url.includes('?') ? '&' : '?'}digest=${digest}`
      const answer = await requests.send(repository, { method: 'PUT', path, headers: none, ...bounds })
      if (answer.status === 404 || answer.status === 416) throw again(answer, `the end of ${digest}`)
      if (answer.status < 200 || answer.status > 204) await requests.refusal(answer, `the end of ${digest}`)
      checkStoredDigest(answer, { host, digest })
    },

    /** What is left of an upload is the registry's to remove, if it cannot be cancelled. */
    async cancel(url: string): Promise<void> {
      await requests.send(repository, { method: 'DELETE', path: url }).catch(() => undefined)
    }
  }
}

/** Throws when a registry says that it stored something else. */
export function checkStoredDigest({ headers }: RegistryAnswer, { host, digest }: { host: string; digest: string }): void {
  const said = headerOf(headers, 'docker-content-digest')
  if (said === undefined || said === digest) return
  throw registryError('unusable', { message: `${host} says that it stored ${said.slice(0, 100)}, and ${digest} was sent` })
}

interface ProvenBytes {
  from(offset: number, renew: () => void): Readable
  /** Throws when the bytes that were sent have another digest. */
  check(): void
  /** Why reading failed, if it did. */
  failure(): Error | undefined
}

/** Reads a blob once or from several places on, and proves that its bytes have its digest. */
function provenBytes({ digest, size, open, at }: BlobToSend): ProvenBytes {
  const hash = createHash('sha256')
  let hashed = 0
  let found: string | undefined
  let failure: Error | undefined

  function take(chunk: Buffer, position: number): void {
    const fresh = chunk.subarray(Math.max(0, hashed - position))
    hash.update(fresh)
    hashed += fresh.length
  }

  async function* read(offset: number, renew: () => void): AsyncGenerator<Buffer> {
    let position = offset
    for await (const chunk of await open(offset)) {
      if (position + chunk.length > size) throw wrongSize(`more than the ${size} bytes`)
      if (position + chunk.length > hashed) {
        take(chunk, position)
        renew()
      }
      yield chunk
      position += chunk.length
      at(position)
    }
    if (position < size) throw wrongSize(`only ${position} of the ${size} bytes`)
  }

  const wrongSize = (what: string) => registryError('unusable', { message: `the source has ${what} of ${digest} that its manifest names` })

  return {
    from(offset, renew) {
      failure = undefined
      const keepFailure = async function* () {
        try {
          yield* read(offset, renew)
        } catch (error) {
          failure = error as Error
          throw new Error(failure.message)
        }
      }
      return Readable.from(keepFailure(), { objectMode: false })
    },
    check() {
      found ??= `sha256:${hash.digest('hex')}`
      if (found !== digest)
        throw registryError('unusable', { message: `the source has other bytes for ${digest}: ${found}; nothing was kept` })
    },
    failure: () => failure
  }
}
