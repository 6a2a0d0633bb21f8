import { CatalogueError } from '../../domain/errors.ts'
import { idsOfRepository } from '../../domain/image/storage.ts'
import { whereEqual } from '../../domain/json/query.ts'
import { fromKeptDocument } from '../../domain/oci/documents.ts'
import { isRepository, tagNameOf } from '../../domain/oci/names.ts'
import { itemsOf } from '../../domain/pages.ts'
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
  // about half of the names come from each of two sources
  const range = { repository, last, pageSize: pageSizeFor(limit / 2) }
  const page = await pageOf(merged([recordTags(context, range), bareTag(context, range), pushedTags(context, range)]), limit)
  if (page.names.length === 0 && !(await isKnown(context, repository))) {
    throw new CatalogueError('name_unknown', `there is no repository ${repository}`)
  }
  return page
}

/** Documents of one page, at least and at most. */
const [fewest, most] = [4, 512]

const pageSizeFor = (names: number): number => Math.max(fewest, Math.min(most, Math.ceil(names) + 1))

interface NameRange {
  /** Names after this one. */
  last: string
  pageSize: number
}

type TagRange = NameRange & { repository: string }

async function* recordTags({ stores }: OciContext, { repository, last, pageSize }: TagRange): AsyncGenerator<string> {
  const where = idsOfRepository(repository, last)
  const query = { where, sort: { field: 'id', order: 'asc' as const }, limit: pageSize, fresh: 'own' as const }
  for await (const { id } of itemsOf(stores.containers.list, query)) {
    const name = tagNameOf(id)
    if (!('why' in name) && name.repository === repository) yield name.tag
  }
}

/** A container without a tag is `latest` to clients. */
async function* bareTag({ stores }: OciContext, { repository, last }: TagRange): AsyncGenerator<string> {
  if ('latest' > last && (await stores.containers.get(repository))) yield 'latest'
}

async function* pushedTags({ kept }: OciContext, { repository, last, pageSize }: TagRange): AsyncGenerator<string> {
  const where = [...whereEqual({ kind: 'tag', repository }), { field: 'name', after: last }]
  const query = { where, sort: { field: 'name', order: 'asc' as const }, limit: pageSize, fresh: 'own' as const }
  for await (const { document } of itemsOf(kept.store.list, query)) {
    const { what, name } = fromKeptDocument<'tag'>(document)
    // the tag of an image is that of its container, which may have been removed since
    if (what === 'artifact') yield name
  }
}

async function pageOf(all: AsyncGenerator<string>, limit: number): Promise<NamePage> {
  const names: string[] = []
  for await (const name of all) {
    if (names.length === limit) return { names, more: true }
    names.push(name)
  }
  return { names, more: false }
}

async function isKnown({ stores, kept }: OciContext, repository: string): Promise<boolean> {
  if (await stores.containers.get(repository)) return true
  const [records, documents] = await Promise.all([
    stores.containers.list({ where: idsOfRepository(repository), sort: { field: 'id', order: 'asc' }, limit: 1 }),
    kept.store.list({ where: whereEqual({ repository }), limit: 1, fresh: 'own' })
  ])
  return records.items.length + documents.items.length > 0
}

/** Returns the repositories that have containers or content. */
export async function listRepositories({ stores, kept }: OciContext, { limit, last }: NameQuery): Promise<NamePage> {
  const range = { last, pageSize: pageSizeFor(limit) }
  const named = repositoriesIn(stores.summaries, { ...range, field: 'name' })
  return pageOf(merged([named, repositoriesIn(kept.store, { ...range, field: 'repository' })]), limit)
}

/** Yields sorted values of several sources in one order, each once. */
async function* merged(sources: readonly AsyncGenerator<string>[]): AsyncGenerator<string> {
  const heads = await Promise.all(sources.map((source) => source.next()))
  for (;;) {
    const [name] = heads.flatMap(({ done, value }) => (done ? [] : [value])).sort()
    if (name === undefined) return
    yield name
    for (const [i, { value }] of heads.entries()) if (value === name) heads[i] = await sources[i]!.next()
  }
}

/** Yields the repositories that a field names after one, each once. Where many documents name the same one, the rest of them is skipped. */
async function* repositoriesIn(store: DocumentStore, { field, last, pageSize }: NameRange & { field: string }): AsyncGenerator<string> {
  let limit = pageSize
  for (let after = last; ; ) {
    const { items } = await store.list({ where: [{ field, after }], sort: { field, order: 'asc' }, limit, fresh: 'own' })
    const values = new Set(items.map(({ document }) => (JSON.parse(document) as Record<string, string>)[field]!))
    yield* [...values].filter(isRepository)
    if (items.length === 0) return
    after = [...values].at(-1)!
    limit = values.size * 2 > items.length ? Math.min(limit * 4, most) : fewest
  }
}
