import { idsOfRepository, repositoryOf, tagOf } from '../../domain/image/storage.ts'
import { asFields, asList } from '../../domain/json/reading.ts'
import { fromSummaryDocument } from '../../domain/lists/summary.ts'
import { pagesOf } from '../../domain/pages.ts'
import { chooseTag, type FoundTag, type KnownTag, registeredLast, type TagRule } from '../../domain/releases/discovery.ts'
import { withoutRegistry } from '../../domain/releases/image-names.ts'
import { mapInTurns } from '../jobs/concurrency.ts'
import type { Channels } from './channels.ts'
import type { ReleasesParts } from './parts.ts'

interface DiscoveryRequest {
  /** As an image list names them: with a registry perhaps, and a tag. */
  imagenames: readonly string[]
  rule: TagRule
  /** Leave out what is not proven. */
  proven: boolean
}

/** Finds the tags of the images of a list in this catalogue. Returns them in the order of the list. */
export type Discover = (request: DiscoveryRequest) => Promise<FoundTag[]>

/** For more images one walk over all ids takes less than a query for each. */
const few = 10

export function createDiscover(parts: ReleasesParts, channels: Channels): Discover {
  return async ({ imagenames, ...request }) => {
    const moved = 'newest' in request.rule ? await movedIds(channels) : new Set<string>()
    let scanned: Promise<ReadonlyMap<string, string[]>> | undefined
    const idsOf = async (repository: string): Promise<string[]> => {
      if (imagenames.length <= few) return listedIds(parts, repository)
      scanned ??= idsByRepository(parts, new Set(imagenames.flatMap(repositoriesOf)))
      return (await scanned).get(repository) ?? []
    }
    return mapInTurns(imagenames, (imagename) => discoverOne(parts, { imagename, idsOf, moved, ...request }))
  }
}

interface OneImage extends Omit<DiscoveryRequest, 'imagenames'> {
  imagename: string
  /** The ids of a repository. */
  idsOf(repository: string): Promise<string[]>
  /** Ids that channels move, which are written again and again with images of any age. */
  moved: ReadonlySet<string>
}

async function discoverOne(parts: ReleasesParts, { imagename, idsOf, moved, rule, proven }: OneImage): Promise<FoundTag> {
  const repositories = repositoriesOf(imagename)
  // most images have the tag, and then no other tag is of interest
  if ('tag' in rule && !proven) {
    const stored = await parts.stores.containers.getMany(repositories.map((repository) => `${repository}:${rule.tag}`))
    if (stored.some((one) => one !== undefined)) return chooseTag(rule, { tags: [{ tag: rule.tag, rank: null }] })
  }
  for (const repository of repositories) {
    const timed = 'newest' in rule && rule.newest === 'registration'
    const tags = await tagsOf(parts, { ids: unmoved(await idsOf(repository), moved), timed })
    if (tags.length === 0) continue
    if (timed) await addCreated(parts, { repository, tags: registeredLast(tags) })
    const labels = 'label' in rule ? await labelsOf(parts, `${repository}:${tagOf(imagename) ?? 'latest'}`) : undefined
    const found = chooseTag(rule, { tags, labels, named: tagOf(imagename) })
    if ('reason' in found || !proven) return found
    return (await isProven(parts, `${repository}:${found.tag}`)) ? found : { reason: `${repository}:${found.tag} is not proven` }
  }
  return chooseTag(rule, { tags: [] })
}

const movedIds = async (channels: Channels): Promise<ReadonlySet<string>> =>
  new Set((await channels.list()).flatMap(({ set }) => set.map(({ id }) => id)))

/** Leaves out the ids that channels move, unless there are no others: channels alone may have filled a repository. */
function unmoved(ids: string[], moved: ReadonlySet<string>): string[] {
  const others = ids.filter((id) => !moved.has(id))
  return others.length > 0 ? others : ids
}

/** The repository, also without the registry that it begins with. */
function repositoriesOf(imagename: string): string[] {
  const repository = repositoryOf(imagename)
  const bare = withoutRegistry(repository)
  return bare === repository ? [repository] : [repository, bare]
}

async function tagsOf({ stores }: ReleasesParts, { ids, timed }: { ids: string[]; timed: boolean }): Promise<KnownTag[]> {
  const own = ids.filter((id) => tagOf(id) !== undefined)
  const found = timed ? await stores.summaries.getMany(own) : []
  return own.map((id, i) => {
    const summary = found[i]
    return { tag: tagOf(id)!, rank: (summary && fromSummaryDocument(summary.document)?.created) ?? null }
  })
}

async function listedIds({ stores }: ReleasesParts, repository: string): Promise<string[]> {
  const ids: string[] = []
  const query = { where: idsOfRepository(repository), sort: { field: 'id', order: 'asc' as const }, fresh: 'own' as const, limit: 1000 }
  for await (const { items } of pagesOf(stores.containers.list, query)) ids.push(...items.map(({ id }) => id))
  return ids.filter((id) => repositoryOf(id) === repository)
}

async function idsByRepository({ stores }: ReleasesParts, wanted: ReadonlySet<string>): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  // what was registered a moment ago counts
  await stores.containers.refresh()
  for await (const ids of stores.containers.ids()) {
    for (const id of ids) {
      const repository = repositoryOf(id)
      if (!wanted.has(repository)) continue
      const others = found.get(repository)
      if (others) others.push(id)
      else found.set(repository, [id])
    }
  }
  return found
}

async function gathered({ changes, views }: ReleasesParts, id: string) {
  const stored = await changes.find(id)
  return stored && { record: stored.record, facts: (await views.gather(stored.record)).facts }
}

/** Returns what the reports of a container's images say of their configuration. */
async function configsOf(parts: ReleasesParts, id: string): Promise<NonNullable<ReturnType<typeof asFields>>[]> {
  const known = await gathered(parts, id)
  return [...(known?.facts.values() ?? [])].flatMap(({ report }) => {
    const config = asFields(asFields(asList(report?.images)[0])?.['config'])
    return config ? [config] : []
  })
}

async function labelsOf(parts: ReleasesParts, id: string): Promise<Record<string, string> | undefined> {
  const [labels] = (await configsOf(parts, id)).flatMap((config) => asFields(config['labels']) ?? [])
  return labels as Record<string, string> | undefined
}

/** Adds to each tag when its image was made: the last of them, where architectures differ. */
async function addCreated(parts: ReleasesParts, { repository, tags }: { repository: string; tags: readonly KnownTag[] }): Promise<void> {
  const work = async (tag: KnownTag) => {
    const configs = await configsOf(parts, `${repository}:${tag.tag}`)
    const times = configs.flatMap(({ created }) => (typeof created === 'string' && Date.parse(created) > 0 ? [created] : []))
    tag.created = times.sort((a, b) => Date.parse(b) - Date.parse(a))[0]
  }
  await mapInTurns(tags, work)
}

async function isProven(parts: ReleasesParts, id: string): Promise<boolean> {
  const known = await gathered(parts, id)
  const facts = [...(known?.facts.values() ?? [])]
  return facts.length > 0 && facts.length >= (known?.record.images.size ?? 0) && facts.every(({ verdict }) => verdict === 'match')
}
