import type { Readable } from 'node:stream'
import { type BlobToSend, type Sent, sendBlob } from './blob-sending.ts'
import { readImageConfig } from './image-reader.ts'
import { headerOf, manifestTypes, type ReadManifest, type RepositoryParts, readManifest } from './manifest-reader.ts'
import type { RetryPatience } from './patience.ts'
import { type ReferrerList, readReferrers } from './referrer-lists.ts'
import { registryError } from './registry-error.ts'
import { checkStoredDigest, transferSilenceMs } from './uploads.ts'

type ManifestToPut = ReadManifest & { headers?: Record<string, string> }

/** One repository of a registry, as images are copied from it and to it. Every method throws a RegistryError, or the error of its AskServer. */
export type RegistryRepository = ReturnType<typeof registryRepository>

export function registryRepository(parts: RepositoryParts) {
  const { host, requests, repository } = parts
  const manifest = (reference: string) => readManifest(parts, reference)
  const hasBlob = async (digest: string) =>
    (await requests.read(repository, { path: `/v2/${repository}/blobs/${digest}`, method: 'HEAD' })) !== undefined

  return {
    /** As references name it. */
    reference: `${host}/${repository}`,
    /** Reads a manifest by tag or digest. Undefined where there is none. */
    manifest,
    referrersOf: (digest: string): Promise<ReferrerList> => readReferrers(parts, digest),
    config: (digest: string) => readImageConfig(parts, digest),
    hasBlob,
    /** Returns which digest a tag or digest has there; undefined where there is none. */
    async digestOf(reference: string): Promise<string | undefined> {
      const path = `/v2/${repository}/manifests/${reference}`
      const answer = await requests.read(repository, { path, method: 'HEAD', accept: manifestTypes })
      return answer && (headerOf(answer.headers, 'docker-content-digest') ?? (await manifest(reference))?.digest)
    },
    async openBlob(digest: string, from: number): Promise<Readable> {
      const path = `/v2/${repository}/blobs/${digest}`
      const range = from === 0 ? {} : { range: `bytes=${from}-` }
      const answer = await requests.send(repository, { path, headers: range, asStream: true, silenceMs: transferSilenceMs })
      if (!answer.stream) return requests.refusal(answer, path)
      if (answer.status === (from === 0 ? 200 : 206)) return answer.stream
      answer.stream.destroy()
      throw registryError('failed', { message: `${host} does not send ${path} from byte ${from} on` })
    },
    sendBlob: (blob: BlobToSend, patience: RetryPatience): Promise<Sent> => sendBlob({ ...parts, hasBlob }, { blob, patience }),
    /** `headers` are sent with it. Throws when the registry stores something else. */
    async putManifest(reference: string, { bytes, content, digest, headers }: ManifestToPut): Promise<void> {
      const path = `/v2/${repository}/manifests/${reference}`
      const call = { path, body: bytes, headers: { 'content-type': content.mediaType, ...headers }, silenceMs: transferSilenceMs }
      const answer = await requests.send(repository, { method: 'PUT', ...call })
      if (answer.status < 200 || answer.status > 204) await requests.refusal(answer, path)
      checkStoredDigest(answer, { host, digest })
    }
  }
}
