import { repositoryOf, tagOf } from '../../domain/image/storage.ts'
import { asFields, asList } from '../../domain/json/reading.ts'
import { fromSummaryDocument } from '../../domain/lists/summary.ts'
import { pagesOf } from '../../domain/pages.ts'
import { chooseTag, type FoundTag, type KnownTag, type TagRule } from '../../domain/releases/discovery.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import { forEachConcurrently } from '../jobs/concurrency.ts'
import type { Views } from '../lists/views.ts'
import type { Changes } from '../records/changes.ts'

export interface DiscoveryRequest {
  /** As an image list names them: with a registry perhaps, and a tag. */
  imagenames: readonly string[]
  rule: TagRule
  /** Leave out what is not proven. */
  proven: boolean
}

/** Finds the tags of the images of a list in this catalogue. Returns them in the order of the list. */
export type Discover = (request: DiscoveryRequest) => Promise<FoundTag[]>

export interface DiscoveryParts {
  containers: DocumentStore
  summaries: Pick<DocumentStore, 'getMany'>
  changes: Pick<Changes, 'find'>
  views: Pick<Views, 'gather'>
}

const atOnce = 16

export function createDiscover(parts: DiscoveryParts): Discover {
  return async ({ imagenames, ...request }) => {
    const found: FoundTag[] = []
    const work = (imagename: string) => discoverOne(parts, { imagename, ...request })
    for await (const one of forEachConcurrently(imagenames, { atOnce, work })) found.push(one)
    return found
  }
}

interface OneImage extends Omit<DiscoveryRequest, 'imagenames'> {
  imagename: string
}

async function discoverOne(parts: DiscoveryParts, { imagename, rule, proven }: OneImage): Promise<FoundTag> {
  for (const repository of repositoriesOf(imagename)) {
    const tags = await tagsOf(parts, { repository, timed: 'newest' in rule && rule.newest === 'registration' })
    if (tags.length === 0) continue
    const labels = 'label' in rule ? await labelsOf(parts, `${repository}:${tagOf(imagename) ?? 'latest'}`) : undefined
    const found = chooseTag(rule, { tags, labels })
    if ('reason' in found || !proven) return found
    return (await isProven(parts, `${repository}:${found.tag}`)) ? found : { reason: `${repository}:${found.tag} is not proven` }
  }
  return chooseTag(rule, { tags: [] })
}

/** The repository, also without the registry that it begins with. */
function repositoriesOf(imagename: string): string[] {
  const repository = repositoryOf(imagename)
  const [host, ...rest] = repository.split('/')
  return rest.length > 0 && (/[.:]/.test(host!) || host === 'localhost') ? [repository, rest.join('/')] : [repository]
}

async function tagsOf(parts: DiscoveryParts, { repository, timed }: { repository: string; timed: boolean }): Promise<KnownTag[]> {
  const ids: string[] = []
  const query = { where: [{ field: 'id', glob: `${repository}:*` }], fresh: 'own' as const, limit: 1000 }
  for await (const { items } of pagesOf(parts.containers.list, query)) ids.push(...items.map(({ id }) => id))
  const own = ids.filter((id) => repositoryOf(id) === repository && tagOf(id) !== undefined)
  const summaries = timed ? await parts.summaries.getMany(own) : []
  return own.map((id, i) => {
    const summary = summaries[i]
    return { tag: tagOf(id)!, registered: (summary && fromSummaryDocument(summary.document)?.created) ?? null }
  })
}

async function gathered({ changes, views }: DiscoveryParts, id: string) {
  const stored = await changes.find(id)
  return stored && { record: stored.record, facts: (await views.gather(stored.record)).facts }
}

async function labelsOf(parts: DiscoveryParts, id: string): Promise<Record<string, string> | undefined> {
  const known = await gathered(parts, id)
  for (const { report } of known?.facts.values() ?? []) {
    const labels = asFields(asFields(asFields(asList(report?.images)[0])?.['config'])?.['labels'])
    if (labels) return labels as Record<string, string>
  }
  return undefined
}

async function isProven(parts: DiscoveryParts, id: string): Promise<boolean> {
  const known = await gathered(parts, id)
  const facts = [...(known?.facts.values() ?? [])]
  return facts.length > 0 && facts.length >= (known?.record.images.size ?? 0) && facts.every(({ verdict }) => verdict === 'match')
}
