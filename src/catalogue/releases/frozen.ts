import type { Requirement } from '../../domain/build/rules.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { itemsOf } from '../../domain/pages.ts'
import { candidateReasons } from '../../domain/releases/candidate.ts'
import { checkReleaseName } from '../../domain/releases/channel.ts'
import {
  type FrozenRelease,
  fromReleaseDocument,
  releasedContainer,
  releaseKey,
  sameImages,
  toReleaseDocument
} from '../../domain/releases/release.ts'
import type { ChangeContext } from '../records/image-records.ts'
import { type NamedImage, promotionRefused, readCandidates } from './candidates.ts'
import type { Channels } from './channels.ts'
import type { ReleasesParts } from './parts.ts'

interface ReleaseRequest extends Pick<ChangeContext, 'publicUrl' | 'cause' | 'dryRun'> {
  name: string
  channel?: string | undefined
  set?: readonly string[] | undefined
  require: readonly Requirement[]
  /** Names of Heat parameters by id. */
  params: Readonly<Record<string, readonly string[]>>
}

/** Sets that are frozen under a name. */
export interface FrozenReleases {
  list(): Promise<FrozenRelease[]>
  /** Throws release_unknown. */
  read(name: string): Promise<FrozenRelease>
  /** Throws promotion_refused with every reason, already_exists where the name means another set, channel_unknown. */
  freeze(request: ReleaseRequest): Promise<{ release: FrozenRelease; created: boolean }>
  /** Throws release_unknown. */
  remove(name: string, options: { dryRun?: boolean | undefined }): Promise<FrozenRelease>
}

type FrozenParts = ReleasesParts & { channels: () => Pick<Channels, 'read'> }

export function createFrozenReleases(parts: FrozenParts): FrozenReleases {
  const store = parts.stores.releases
  async function find(name: string): Promise<FrozenRelease | undefined> {
    const stored = await store.get(releaseKey(name))
    return stored && fromReleaseDocument(stored.document)
  }
  async function read(name: string): Promise<FrozenRelease> {
    const release = await find(name)
    if (release) return release
    throw new CatalogueError('release_unknown', `there is no release ${name}; GET /api/v1/releases lists those that there are`)
  }

  return {
    read,
    async list() {
      const releases: FrozenRelease[] = []
      const query = { where: [{ field: 'id', glob: 'release:*' }], fresh: 'own' as const, limit: 20 }
      for await (const { document } of itemsOf(store.list, query)) releases.push(fromReleaseDocument(document))
      return releases.sort((a, b) => (a.created < b.created ? 1 : -1))
    },
    async freeze(request) {
      const release = await frozen(parts, request)
      const existing = await find(release.name)
      if (existing) return { release: sameOrRefused(existing, release), created: false }
      if (request.dryRun) return { release, created: true }
      try {
        await store.put(releaseKey(release.name), toReleaseDocument(release), { absent: true })
        return { release, created: true }
      } catch (error) {
        if (!isCatalogueError(error, 'already_exists', 'revision_conflict')) throw error
        return { release: sameOrRefused(await read(release.name), release), created: false }
      }
    },
    async remove(name, { dryRun }) {
      const release = await read(name)
      if (!dryRun) await store.remove(releaseKey(name))
      return release
    }
  }
}

function sameOrRefused(existing: FrozenRelease, wanted: FrozenRelease): FrozenRelease {
  if (sameImages(existing, wanted)) return existing
  const message = `the release ${existing.name} is there since ${existing.created}, with other images; a release never changes: choose another name`
  throw new CatalogueError('already_exists', message)
}

async function frozen(parts: FrozenParts, { name, require, params, publicUrl, cause, ...source }: ReleaseRequest): Promise<FrozenRelease> {
  checkReleaseName(name)
  const candidates = await readCandidates(parts, await namedBy(parts, source))
  const reasons = candidates.flatMap((candidate, i) =>
    candidateReasons(candidate, require).map((message) => ({ path: `set[${i}]`, message }))
  )
  if (reasons.length > 0) throw promotionRefused(`${name} is not frozen`, reasons)
  const { protocol, host } = new URL(publicUrl)
  const { channel } = source
  return {
    ...{ name, created: parts.now().toISOString(), by: cause, from: channel === undefined ? {} : { channel } },
    ...{ registry: host, insecure: protocol === 'http:' },
    set: candidates.map((candidate) => releasedContainer(candidate, params[candidate.id] ?? []))
  }
}

async function namedBy({ channels }: FrozenParts, { channel, set = [] }: Pick<ReleaseRequest, 'channel' | 'set'>): Promise<NamedImage[]> {
  if (channel === undefined) return [...new Set(set)].sort().map((id) => ({ id, origin: id }))
  return (await channels().read(channel)).set.map((was) => ({ id: was.id, origin: was.origin, was }))
}
