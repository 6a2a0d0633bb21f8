import { whereEqual } from '../../domain/json/query.ts'
import { fromKeptDocument } from '../../domain/oci/documents.ts'
import { pagesOf } from '../../domain/pages.ts'
import type { ContentName, OciContext } from './parts.ts'

export interface Referrer {
  mediaType: string
  digest: string
  size: number
  artifactType?: string
  annotations?: Record<string, string>
}

/** An index of all must fit a manifest. */
const maxReferrers = 5000

/** Returns the manifests of a repository that are about another one, which it need not have. */
export async function listReferrers({ kept }: OciContext, { repository, digest }: ContentName): Promise<Referrer[]> {
  const where = whereEqual({ subject: digest, repository })
  const query = { where, sort: { field: 'subject', order: 'asc' as const }, limit: 200, fresh: true }
  const found: Referrer[] = []
  for await (const { items } of pagesOf(kept.store.list, query)) {
    for (const { document } of items) {
      const { mediaType, name, text, artifactType, annotations = {} } = fromKeptDocument<'manifest'>(document)
      const said = { ...(artifactType !== undefined && { artifactType }), ...(Object.keys(annotations).length > 0 && { annotations }) }
      found.push({ mediaType, digest: name, size: Buffer.byteLength(text), ...said })
    }
    if (found.length >= maxReferrers) break
  }
  return found
}
