import { CatalogueError } from '../../domain/errors.ts'
import { fromKeptDocument } from '../../domain/oci/documents.ts'
import { isRepository, tagNameOf } from '../../domain/oci/names.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import type { OciContext } from './parts.ts'

export interface NamePage {
  names: string[]
  /** Whether more names follow. */
  more: boolean
}

export interface NameQuery {
  /** At most so many names. */
  limit: number
  /** Names after this one. */
  last: string
}

/** Returns the tags of a repository in the order of their bytes: of containers, and those that were pushed. Throws name_unknown. */
export async function listTags(context: OciContext, { repository, limit, last }: NameQuery & { repository: string }): Promise<NamePage> {
  const [records, pushed] = await Promise.all([
    recordTags(context, { repository, limit, last }),
    pushedTags(context, { repository, limit, last })
  ])
  const names = [...new Set([...records, ...pushed])].sort(byBytes)
  if (names.length === 0 && !(await isKnown(context, repository))) {
    throw new CatalogueError('name_unknown', `there is no repository ${repository}`)
  }
  return { names: names.slice(0, limit), more: names.length > limit }
}

const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

async function recordTags({ stores }: OciContext, { repository, limit, last }: NameQuery & { repository: string }): Promise<string[]> {
  // `;` is the character after `:`
  const where = [
    { field: 'id', after: `${repository}:${last}` },
    { field: 'id', before: `${repository};` }
  ]
  const ids = await idsFrom(stores.containers, { where, limit })
  const tags = ids.flatMap((id) => {
    const name = tagNameOf(id)
    return 'why' in name || name.repository !== repository ? [] : [name.tag]
  })
  const hasBare = 'latest' > last && (await stores.containers.get(repository)) !== undefined
  return hasBare ? [...tags, 'latest'] : tags
}

type ListConditions = NonNullable<Parameters<DocumentStore['list']>[0]['where']>

/** Returns a few more ids than asked for, so that the caller knows whether more follow. Those that are no names of clients do not count. */
async function idsFrom(store: DocumentStore, { where, limit }: { where: ListConditions; limit: number }): Promise<string[]> {
  const ids: string[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await store.list({
      where,
      sort: { field: 'id', order: 'asc' },
      limit: Math.min(1000, limit + 1),
      ...(cursor && { cursor }),
      fresh: 'own'
    })
    ids.push(...page.items.map(({ id }) => id).filter((id) => !('why' in tagNameOf(id))))
    if (ids.length > limit || page.next === undefined) return ids
    cursor = page.next
  }
}

async function pushedTags({ kept }: OciContext, { repository, limit, last }: NameQuery & { repository: string }): Promise<string[]> {
  const where: ListConditions = [
    { field: 'kind', equals: 'tag' },
    { field: 'repository', equals: repository },
    { field: 'name', after: last }
  ]
  const names: string[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await kept.store.list({
      where,
      sort: { field: 'name', order: 'asc' },
      limit: Math.min(1000, limit + 1),
      ...(cursor && { cursor }),
      fresh: 'own'
    })
    // the tag of an image is that of its container, which may have been removed since
    names.push(
      ...page.items
        .map(({ document }) => fromKeptDocument<'tag'>(document))
        .flatMap(({ what, name }) => (what === 'artifact' ? [name] : []))
    )
    if (names.length > limit || page.next === undefined) return names
    cursor = page.next
  }
}

async function isKnown({ stores, kept }: OciContext, repository: string): Promise<boolean> {
  if (await stores.containers.get(repository)) return true
  const where = [
    { field: 'id', after: `${repository}:` },
    { field: 'id', before: `${repository};` }
  ]
  const [records, documents] = await Promise.all([
    stores.containers.list({ where, sort: { field: 'id', order: 'asc' }, limit: 1 }),
    kept.store.list({ where: [{ field: 'repository', equals: repository }], limit: 1, fresh: 'own' })
  ])
  return records.items.length + documents.items.length > 0
}

/** Returns the repositories that have containers or content. */
export async function listRepositories({ stores, kept }: OciContext, { limit, last }: NameQuery): Promise<NamePage> {
  const sources = [valuesAfter(stores.summaries, { field: 'name', last }), valuesAfter(kept.store, { field: 'repository', last })]
  const names: string[] = []
  for await (const name of merged(sources)) {
    if (!isRepository(name)) continue
    if (names.length === limit) return { names, more: true }
    names.push(name)
  }
  return { names, more: false }
}

/** Yields sorted values of several sources in one order, each once. */
async function* merged(sources: readonly AsyncGenerator<string>[]): AsyncGenerator<string> {
  const heads = await Promise.all(sources.map((source) => source.next()))
  for (;;) {
    const [name] = heads.flatMap(({ done, value }) => (done ? [] : [value])).sort(byBytes)
    if (name === undefined) return
    yield name
    for (const [i, { value }] of heads.entries()) if (value === name) heads[i] = await sources[i]!.next()
  }
}

/** Documents of one page, at least and at most. */
const [fewest, most] = [4, 256]

/** Yields the values that a field has after one, each once. Where many documents have the same value, the rest of them is skipped. */
async function* valuesAfter(store: DocumentStore, { field, last }: { field: string; last: string }): AsyncGenerator<string> {
  let limit = fewest
  for (let after = last; ; ) {
    const { items } = await store.list({ where: [{ field, after }], sort: { field, order: 'asc' }, limit, fresh: 'own' })
    const values = new Set(items.map(({ document }) => (JSON.parse(document) as Record<string, string>)[field]!))
    yield* values
    if (items.length === 0) return
    after = [...values].at(-1)!
    limit = values.size * 2 > items.length ? Math.min(limit * 4, most) : fewest
  }
}
