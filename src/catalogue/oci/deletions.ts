import { CatalogueError } from '../../domain/errors.ts'
import type { Cause } from '../../domain/history/entry.ts'
import { idsOf, isDigest } from '../../domain/oci/names.ts'
import { findBlob } from './oci-blobs.ts'
import type { ContentName, OciContext } from './parts.ts'
import { unknownTag } from './tags.ts'

export interface ManifestDeletion {
  repository: string
  /** A tag or a digest. */
  reference: string
  cause: Cause
  /** Throws when the client may not change these containers. */
  permit(ids: readonly string[]): void
}

/** Removes a tag, with its container, or a manifest that nothing names. Throws manifest_unknown, content_in_use, container_named. */
export async function deleteManifest(context: OciContext, deletion: ManifestDeletion): Promise<void> {
  const { repository, reference } = deletion
  if (!isDigest(reference)) return deleteTag(context, deletion)
  const manifest = await context.kept.manifest(repository, reference)
  if (!manifest) throw new CatalogueError('manifest_unknown', `${repository} has no manifest ${reference}`)
  await context.holders.checkUnnamed(reference)
  const by = await namedBy(context, { repository, digest: reference })
  if (by) throw new CatalogueError('content_in_use', `${by} names ${reference}; delete that first`)
  await context.kept.remove(manifest)
}

async function deleteTag({ kept, changes, containers, holders }: OciContext, deletion: ManifestDeletion): Promise<void> {
  const { repository, reference: tag, cause, permit } = deletion
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
  const blob = await findBlob(context, content)
  const by = await namedBy(context, content)
  if (by) throw new CatalogueError('content_in_use', `${by} names ${content.digest}; delete that first`)
  await context.kept.remove(blob)
}

/** Returns what names content of a repository: a manifest, or a container whose image it is. */
async function namedBy(context: OciContext, { repository, digest }: ContentName): Promise<string | undefined> {
  for await (const { name, text, image } of context.kept.manifestsOf(repository, { fresh: true })) {
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
