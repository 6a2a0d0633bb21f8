import type { Readable } from 'node:stream'
import { type BlobToSend, type Sent, sendBlob } from './blob-sending.ts'
import type { Connection } from './connection.ts'
import { createConfigReader, type ReadConfig } from './image-reader.ts'
import { createManifestReader, headerOf, manifestTypes, type ReadManifest } from './manifest-reader.ts'
import type { CopyPatience } from './patience.ts'
import { registryError } from './registry-error.ts'
import { checkStoredDigest, transferSilenceMs } from './uploads.ts'

/** One repository of a registry, as images are copied from it and to it. Every method throws a RegistryError, or the error of its AskServer. */
export interface RegistryRepository {
  /** As references name it. */
  reference: string
  /** Reads a manifest by tag or digest. Undefined where there is none. */
  manifest(reference: string): Promise<ReadManifest | undefined>
  /** Returns which digest a tag or digest has there; undefined where there is none. */
  digestOf(reference: string): Promise<string | undefined>
  config(digest: string): ReturnType<ReadConfig>
  openBlob(digest: string, from: number): Promise<Readable>
  hasBlob(digest: string): Promise<boolean>
  sendBlob(blob: BlobToSend, patience: CopyPatience): Promise<Sent>
  /** `headers` are sent with it. Throws when the registry stores something else. */
  putManifest(reference: string, manifest: ReadManifest & { headers?: Record<string, string> }): Promise<void>
}

export interface RepositoryParts extends Pick<Connection, 'host' | 'requests'> {
  /** Without the registry. */
  repository: string
  /** Another repository of the same registry, which may have what is sent. */
  mountFrom?: string | undefined
}

export function registryRepository({ mountFrom, ...parts }: RepositoryParts): RegistryRepository {
  const { host, requests, repository } = parts
  const readManifest = createManifestReader(parts)
  const readConfig = createConfigReader(parts)
  const manifest = (reference: string) => readManifest(repository, reference)
  const hasBlob = async (digest: string) =>
    (await requests.read(repository, { path: `/v2/${repository}/blobs/${digest}`, method: 'HEAD' })) !== undefined

  return {
    reference: `${host}/${repository}`,
    manifest,
    config: (digest) => readConfig(repository, digest),
    hasBlob,
    async digestOf(reference) {
      const path = `/v2/${repository}/manifests/${reference}`
      const answer = await requests.read(repository, { path, method: 'HEAD', accept: manifestTypes })
      return answer && (headerOf(answer.headers, 'docker-content-digest') ?? (await manifest(reference))?.digest)
    },
    async openBlob(digest, from) {
      const path = `/v2/${repository}/blobs/${digest}`
      const range = from === 0 ? {} : { range: `bytes=${from}-` }
      const answer = await requests.send(repository, { path, headers: range, asStream: true, silenceMs: transferSilenceMs })
      if (!answer.stream) return requests.refusal(answer, path)
      if (answer.status === (from === 0 ? 200 : 206)) return answer.stream
      answer.stream.destroy()
      throw registryError('failed', { message: `${host} does not send ${path} from byte ${from} on` })
    },
    sendBlob: (blob, patience) => sendBlob({ host, repository, requests, mountFrom, hasBlob }, { blob, patience }),
    async putManifest(reference, { bytes, content, digest, headers }) {
      const path = `/v2/${repository}/manifests/${reference}`
      const call = { path, body: bytes, headers: { 'content-type': content.mediaType, ...headers }, silenceMs: transferSilenceMs }
      const answer = await requests.send(repository, { method: 'PUT', ...call })
      if (answer.status < 200 || answer.status > 204) await requests.refusal(answer, path)
      checkStoredDigest(answer, { host, digest })
    }
  }
}
