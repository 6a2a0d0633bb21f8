import type { Hash } from '../../domain/image/facts.ts'
import {
  fromKeptDocument,
  type KeptBlob,
  type KeptDocument,
  type KeptManifest,
  type KeptTag,
  keptName,
  toKeptDocument
} from '../../domain/oci/documents.ts'
import { pagesOf } from '../../domain/pages.ts'
import type { DocumentStore } from '../../stores/document-store.ts'

/** Documents of `/v2/` by kind, repository and name. */
export interface KeptDocuments {
  manifest(repository: string, digest: string): Promise<KeptManifest | undefined>
  tag(repository: string, tag: string): Promise<KeptTag | undefined>
  blob(repository: string, digest: string): Promise<KeptBlob | undefined>
  /** Returns which of these blobs a repository has, by digest. */
  blobs(repository: string, digests: readonly string[]): Promise<Map<string, KeptBlob>>
  /** Yields the manifests of a repository. */
  manifestsOf(repository: string, options?: { fresh: boolean }): AsyncGenerator<KeptManifest>
  put(...kept: KeptDocument[]): Promise<void>
  /** Returns whether there was one. */
  remove(kept: Pick<KeptDocument, 'kind' | 'repository' | 'name'>): Promise<boolean>
  /** Notes that somebody asked for it, if nobody did for a while. Never throws: a reader must not fail for it. */
  touch(kept: KeptDocument): Promise<void>
  store: DocumentStore
}

export interface KeptDocumentsParts {
  store: DocumentStore
  hash: Hash
  now: () => Date
}

/** Manifests never change, so those that were read last are kept in memory, but not for long: another replica may remove one. */
const rememberMs = 5000
const maxManifests = 500
const maxManifestText = 64 * 1024
/** A read is noted at most so often. */
const touchMs = 6 * 3_600_000

export function createKeptDocuments({ store, hash, now }: KeptDocumentsParts): KeptDocuments {
  const manifests = new Map<string, { manifest: KeptManifest; until: number }>()
  const idOf = (kept: Pick<KeptDocument, 'kind' | 'repository' | 'name'>) => hash(keptName(kept))

  async function find<Kind extends KeptDocument['kind']>(kept: { kind: Kind; repository: string; name: string }) {
    const stored = await store.get(idOf(kept))
    return stored && fromKeptDocument<Kind>(stored.document)
  }

  function remember(manifest: KeptManifest): void {
    if (manifest.text.length > maxManifestText) return
    const name = keptName(manifest)
    manifests.delete(name)
    manifests.set(name, { manifest, until: now().getTime() + rememberMs })
    if (manifests.size > maxManifests) manifests.delete(manifests.keys().next().value!)
  }

  const documents: KeptDocuments = {
    store,
    async manifest(repository, digest) {
      const name = { kind: 'manifest' as const, repository, name: digest }
      const known = manifests.get(keptName(name))
      if (known && known.until > now().getTime()) return known.manifest
      const found = await find(name)
      if (found) remember(found)
      return found
    },
    tag: (repository, tag) => find({ kind: 'tag', repository, name: tag }),
    blob: (repository, digest) => find({ kind: 'blob', repository, name: digest }),
    async blobs(repository, digests) {
      const stored = await store.getMany(digests.map((name) => idOf({ kind: 'blob', repository, name })))
      const found = stored.flatMap((one) => (one ? [fromKeptDocument<'blob'>(one.document)] : []))
      return new Map(found.map((blob) => [blob.name, blob]))
    },
    async *manifestsOf(repository, options = { fresh: false }) {
      const where = [
        { field: 'kind', equals: 'manifest' },
        { field: 'repository', equals: repository }
      ]
      for await (const { items } of pagesOf(store.list, { where, limit: 100, ...options })) {
        for (const { document } of items) yield fromKeptDocument<'manifest'>(document)
      }
    },
    async put(...kept) {
      await Promise.all(
        kept.map(async (one) => {
          const id = idOf(one)
          manifests.delete(keptName(one))
          await store.put(id, toKeptDocument(one, id))
        })
      )
    },
    async remove(kept) {
      manifests.delete(keptName(kept))
      return store.remove(idOf(kept))
    },
    async touch(kept) {
      if (now().getTime() - Date.parse(kept.touched) < touchMs) return
      const touched = now().toISOString()
      await documents.put({ ...kept, touched }).then(
        () => {
          kept.touched = touched // it may be in somebody's memory
        },
        () => {}
      )
    }
  }
  return documents
}
