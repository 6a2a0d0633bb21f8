import type { Hash } from '../../domain/image/facts.ts'
import { whereEqual } from '../../domain/json/query.ts'
import {
  fromKeptDocument,
  type KeptBlob,
  type KeptDocument,
  type KeptManifest,
  type KeptTag,
  keptName,
  toKeptDocument
} from '../../domain/oci/documents.ts'
import { itemsOf } from '../../domain/pages.ts'
import type { DocumentStore } from '../../stores/document-store.ts'

export type KeptDocuments = ReturnType<typeof createKeptDocuments>

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

/** Documents of `/v2/` by kind, repository and name. */
export function createKeptDocuments({ store, hash, now }: KeptDocumentsParts) {
  const remembered = createManifestMemory(now)
  const idOf = (kept: Pick<KeptDocument, 'kind' | 'repository' | 'name'>) => hash(keptName(kept))

  async function find<Kind extends KeptDocument['kind']>(kept: { kind: Kind; repository: string; name: string }) {
    const stored = await store.get(idOf(kept))
    return stored && fromKeptDocument<Kind>(stored.document)
  }

  async function put(...kept: KeptDocument[]): Promise<void> {
    await Promise.all(
      kept.map(async (one) => {
        const id = idOf(one)
        remembered.forget(keptName(one))
        await store.put(id, toKeptDocument(one, id))
      })
    )
  }

  return {
    store,
    put,
    async manifest(repository: string, digest: string): Promise<KeptManifest | undefined> {
      const name = { kind: 'manifest' as const, repository, name: digest }
      const known = remembered.find(keptName(name))
      if (known) return known
      const found = await find(name)
      if (found) remembered.add(found)
      return found
    },
    tag: (repository: string, tag: string): Promise<KeptTag | undefined> => find({ kind: 'tag', repository, name: tag }),
    blob: (repository: string, digest: string): Promise<KeptBlob | undefined> => find({ kind: 'blob', repository, name: digest }),
    /** Returns which of these blobs a repository has, by digest. */
    async blobs(repository: string, digests: readonly string[]): Promise<Map<string, KeptBlob>> {
      const stored = await store.getMany(digests.map((name) => idOf({ kind: 'blob', repository, name })))
      const found = stored.flatMap((one) => (one ? [fromKeptDocument<'blob'>(one.document)] : []))
      return new Map(found.map((blob) => [blob.name, blob]))
    },
    /** Yields the manifests of a repository. */
    manifestsOf: (repository: string, options = { fresh: false }) => manifestsIn(store, repository, options),
    /** Returns whether there was one. */
    async remove(kept: Pick<KeptDocument, 'kind' | 'repository' | 'name'>): Promise<boolean> {
      remembered.forget(keptName(kept))
      return store.remove(idOf(kept))
    },
    /** Notes that somebody asked for it, if nobody did for a while. Never throws: a reader must not fail for it. */
    async touch(kept: KeptDocument): Promise<void> {
      if (now().getTime() - Date.parse(kept.touched) < touchMs) return
      const touched = now().toISOString()
      await put({ ...kept, touched }).then(
        () => {
          kept.touched = touched // it may be in somebody's memory
        },
        () => {}
      )
    }
  }
}

async function* manifestsIn(store: DocumentStore, repository: string, options: { fresh: boolean }): AsyncGenerator<KeptManifest> {
  const query = { where: whereEqual({ kind: 'manifest', repository }), limit: 100, ...options }
  for await (const { document } of itemsOf(store.list, query)) yield fromKeptDocument<'manifest'>(document)
}

function createManifestMemory(now: () => Date) {
  const manifests = new Map<string, { manifest: KeptManifest; until: number }>()
  return {
    find(name: string): KeptManifest | undefined {
      const known = manifests.get(name)
      return known && known.until > now().getTime() ? known.manifest : undefined
    },
    add(manifest: KeptManifest): void {
      if (manifest.text.length > maxManifestText) return
      const name = keptName(manifest)
      manifests.delete(name)
      manifests.set(name, { manifest, until: now().getTime() + rememberMs })
      if (manifests.size > maxManifests) manifests.delete(manifests.keys().next().value!)
    },
    forget: (name: string) => void manifests.delete(name)
  }
}
