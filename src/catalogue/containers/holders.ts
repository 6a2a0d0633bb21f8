import { CatalogueError } from '../../domain/errors.ts'
import { keepsTarballs } from '../../domain/releases/channel.ts'
import type { DocumentStore } from '../../stores/document-store.ts'

/** Which channels and releases name a container. */
export interface Holders {
  /** Throws container_named, listing the channels and releases that name the container or, by its digest, the manifest. */
  checkUnnamed(id: string): Promise<void>
  /** Returns the channels and releases that name a container or were made from it, such as `release 2026.1`, sorted. */
  naming(id: string): Promise<string[]>
  /** Returns that error for each of the containers that is named. */
  refusals(ids: readonly string[]): Promise<Map<string, CatalogueError>>
}

interface Holder {
  revision: string
  /** Such as `release 2026.1`. */
  name: string
  ids: ReadonlySet<string>
  /** The ids from which its set was read, and under which its images were registered. */
  origins: ReadonlySet<string>
}

/** Channels and releases are few and change rarely: their ids are kept in memory, and read again where a revision is another. */
export function createHolders(store: DocumentStore): Holders {
  const known = new Map<string, Holder>()

  async function update(): Promise<void> {
    const present = new Map<string, string>()
    await store.refresh()
    for await (const page of store.scan([])) for (const { id, revision } of page) if (keepsTarballs(id)) present.set(id, revision)
    for (const id of known.keys()) if (!present.has(id)) known.delete(id)
    for (const [id, revision] of present) {
      if (known.get(id)?.revision === revision) continue
      const stored = await store.get(id)
      if (stored) known.set(id, { revision: stored.revision, name: id.replace(':', ' '), ...idsIn(stored.document) })
    }
  }

  const namesOf = (names: (one: Holder) => boolean): string[] =>
    [...known.values()]
      .filter(names)
      .map(({ name }) => name)
      .sort()

  async function refusals(ids: readonly string[]): Promise<Map<string, CatalogueError>> {
    if (ids.length > 0) await update()
    const named = ids.map((id) => ({ id, names: namesOf((one) => one.ids.has(id)) }))
    return new Map(named.filter(({ names }) => names.length > 0).map(({ id, names }) => [id, refusal(id, names)]))
  }

  return {
    refusals,
    async naming(id) {
      await update()
      return namesOf((one) => one.ids.has(id) || one.origins.has(id))
    },
    async checkUnnamed(id) {
      const refused = (await refusals([id])).get(id)
      if (refused) throw refused
    }
  }
}

function refusal(id: string, names: string[]): CatalogueError {
  const instead = id.startsWith('sha256:') ? '' : ', or remove the container with force=true'
  const message = `${id} is named by ${names.slice(0, 20).join(', ')}; it stays: remove it from there first${instead}`
  const errors = names.map((name) => ({ path: name, message: `names ${id}` }))
  return new CatalogueError('container_named', message, { details: { errors } })
}

interface NamingSet {
  kind: string
  set: { id: string; origin: string; from?: string; images: { [architecture: string]: { manifest?: string | null } } }[]
}

/** The ids of a set; of a release also those under which its images were registered, and the digests of their manifests. */
function idsIn(document: string): Pick<Holder, 'ids' | 'origins'> {
  const { kind, set } = JSON.parse(document) as NamingSet
  const origins = new Set(set.flatMap(({ origin, from = origin }) => [origin, from]))
  if (kind !== 'release') return { ids: new Set(set.map(({ id }) => id)), origins }
  const named = set.flatMap(({ id, origin, images }) => [id, origin, ...Object.values(images).flatMap(({ manifest }) => manifest ?? [])])
  return { ids: new Set(named), origins }
}
