import type { Readable } from 'node:stream'
import type { RegistryAnswer } from './exchange.ts'
import { headerOf, type RepositoryParts } from './manifest-reader.ts'
import { registryError } from './registry-error.ts'

export interface OpenUpload {
  /** Where the next request goes: the Location of the last answer, which may differ each time. */
  url: string
  offset: number
}

/** Reading a layer may take a registry that long before its first byte, and so may storing one after its last byte. */
export const transferSilenceMs = 300_000

export function createUploads({ host, repository, requests, mountFrom }: RepositoryParts) {
  const none = { 'content-length': '0' }
  const bounds = { silenceMs: transferSilenceMs }

  async function checked(answer: RegistryAnswer, what: string): Promise<RegistryAnswer> {
    const { status } = answer
    if (status >= 200 && status <= 204) return answer
    // the registry may have forgotten the upload, or still wait for a connection that broke: then the next try helps
    if (status === 404 || status === 416) throw registryError('failed', { message: `${host} answered ${status} for ${what}`, status: 416 })
    return requests.refusal(answer, what)
  }

  return {
    /** Returns undefined where the blob was mounted. */
    async begin(digest: string): Promise<OpenUpload | undefined> {
      const path = `/v2/${repository}/blobs/uploads/`
      const mount = mountFrom === undefined ? '' : `?mount=${digest}&from=${mountFrom}`
      const answer = await requests.send(repository, { method: 'POST', path: path + mount, headers: none })
      if (answer.status === 201) return undefined
      if (answer.status !== 202) await requests.refusal(answer, `an upload to ${repository}`)
      return { url: locationAfter(answer, { host, asked: path }), offset: 0 }
    },
    /** Returns how far an upload came; undefined where the registry does not tell. */
    async progressOf(url: string): Promise<OpenUpload | undefined> {
      const answer = await requests.send(repository, { path: url })
      const [, last] = /^(?:bytes=)?0-(\d+)$/.exec(headerOf(answer.headers, 'range') ?? '') ?? []
      // `0-0` is said of no bytes and of one
      if (answer.status !== 204 || last === undefined || last === '0') return undefined
      return { url: locationAfter(answer, { host, asked: url }), offset: Number(last) + 1 }
    },
    /** Sends the rest of a blob. `stream` opens its bytes from an offset. */
    async append(
      { url, offset }: OpenUpload,
      { digest, size }: { digest: string; size: number },
      stream: () => Readable
    ): Promise<OpenUpload> {
      const headers = {
        'content-type': 'application/octet-stream',
        'content-length': String(size - offset),
        ...(offset > 0 && { 'content-range': `${offset}-${size - 1}` })
      }
      const answer = await requests.send(repository, { method: 'PATCH', path: url, headers, stream, ...bounds })
      return { url: locationAfter(await checked(answer, `a part of ${digest}`), { host, asked: url }), offset: size }
    },
    async finish({ url }: OpenUpload, digest: string): Promise<void> {
      const path = `${url}${url.includes('?') ? '&' : '?'}digest=${digest}`
      const answer = await requests.send(repository, { method: 'PUT', path, headers: none, ...bounds })
      checkStoredDigest(await checked(answer, `the end of ${digest}`), { host, digest })
    },
    /** What cannot be cancelled is the registry's to remove. */
    async cancel({ url }: OpenUpload): Promise<void> {
      await requests.send(repository, { method: 'DELETE', path: url }).catch(() => undefined)
    }
  }
}

/** Resolves a Location, which may be relative, and absent where nothing changes. */
function locationAfter({ headers }: RegistryAnswer, { host, asked }: { host: string; asked: string }): string {
  const location = headerOf(headers, 'location') ?? asked
  const base = new URL(asked, `http://${host}/`)
  if (!URL.canParse(location, base)) throw registryError('failed', { message: `${host} names as Location what is not a URL` })
  return /^[a-z]+:/i.test(location) ? location : new URL(location, base).href.replace(base.origin, '')
}

/** Throws when a registry says that it stored something else. */
export function checkStoredDigest({ headers }: RegistryAnswer, { host, digest }: { host: string; digest: string }): void {
  const said = headerOf(headers, 'docker-content-digest')
  if (said === undefined || said === digest) return
  throw registryError('unusable', { message: `${host} says that it stored ${said.slice(0, 100)}, and ${digest} was sent` })
}
