import { CatalogueError } from '../../domain/errors.ts'
import type { Cause } from '../../domain/history/entry.ts'
import { fromKeptDocument, type KeptManifest } from '../../domain/oci/documents.ts'
import { idsOf, isDigest, type TagName } from '../../domain/oci/names.ts'
import { pagesOf } from '../../domain/pages.ts'
import type { ContentName, OciContext } from './parts.ts'
import { unknownTag } from './tags.ts'

export interface ManifestDeletion {
  repository: string
  /** A tag or a digest. */
  reference: string
  cause: Cause
  publicUrl: string
  /** Throws when the client may not change these containers. */
  permit(ids: readonly string[]): void
}

/** Removes a tag, with its container, or a manifest that nothing names. Throws manifest_unknown, content_in_use, container_named. */
export async function deleteManifest(context: OciContext, deletion: ManifestDeletion): Promise<void> {
  const { repository, reference } = deletion
  if (!isDigest(reference)) return deleteTag(context, { ...deletion, tag: reference })
  const manifest = await context.kept.manifest(repository, reference)
  if (!manifest) throw new CatalogueError('manifest_unknown', `${repository} has no manifest ${reference}`)
  await context.holders.checkUnnamed(reference)
  const by = await namedBy(context, { repository, digest: reference })
  if (by) throw new CatalogueError('content_in_use', `${by} names ${reference}; delete that first`)
  await context.kept.remove(manifest)
}

async function deleteTag(
  { kept, changes, containers, holders }: OciContext,
  { tag, ...deletion }: TagName & ManifestDeletion
): Promise<void> {
  const { repository, cause, permit } = deletion
  const name = { repository, tag }
  let found = false
  for (const id of idsOf(name)) {
    if (!(await changes.find(id))) continue
    permit([id])
    await holders.checkUnnamed(id)
    found = await containers.remove(id, { cause })
    break
  }
  const pushed = await kept.remove({ kind: 'tag', repository, name: tag })
  if (!found && !pushed) throw unknownTag(name)
}

/** Removes a blob from a repository. Throws blob_unknown, content_in_use. */
export async function deleteBlob(context: OciContext, content: ContentName): Promise<void> {
  const { repository, digest } = content
  const blob = await context.kept.blob(repository, digest)
  if (!blob) throw new CatalogueError('blob_unknown', `${repository} has no blob ${digest}`)
  const by = await namedBy(context, content)
  if (by) throw new CatalogueError('content_in_use', `${by} names ${digest}; delete that first`)
  await context.kept.remove(blob)
}

/** Yields the manifests of a repository. */
export async function* manifestsOf({ kept }: Pick<OciContext, 'kept'>, repository: string): AsyncGenerator<KeptManifest> {
  const where = [
    { field: 'kind', equals: 'manifest' },
    { field: 'repository', equals: repository }
  ]
  for await (const { items } of pagesOf(kept.store.list, { where, limit: 100, fresh: true })) {
    for (const { document } of items) yield fromKeptDocument<'manifest'>(document)
  }
}

/** Returns what names content of a repository: a manifest, or a container whose image it is. */
async function namedBy(context: OciContext, { repository, digest }: ContentName): Promise<string | undefined> {
  for await (const { name, text, image } of manifestsOf(context, repository)) {
    if (name !== digest) {
      // its subject may go away
      const { subject: _, ...parts } = JSON.parse(text) as Record<string, unknown>
      if (JSON.stringify(parts).includes(digest)) return name
    } else if (image) {
      const stored = await context.changes.find(image.container)
      if (stored?.record.images.get(image.imageKey as never) === image.url) return image.container
    }
  }
  return undefined
}
