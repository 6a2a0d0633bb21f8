import { currentImages } from '../../domain/build/state.ts'
import { type Badge, badgeOf } from '../../domain/releases/badge.ts'
import { setOf } from '../../domain/releases/release.ts'
import type { Stores } from '../../stores/document-store.ts'
import type { Changes } from '../records/changes.ts'
import { type Channels, type ChannelsParts, createChannels } from './channels.ts'
import { createDiscover, type Discover } from './discovery.ts'
import { createDistGit, type DistGit } from './dist-git.ts'
import { createFrozenReleases, type FrozenReleases } from './frozen.ts'
import { createImageNames, type ImageNames } from './image-list.ts'

/** Whole sets of images: lists, channels and frozen releases. */
export interface Releases {
  imageNames: ImageNames
  discover: Discover
  channels: Channels
  releases: FrozenReleases
  distGit: DistGit
  /** Returns what is proven of a container. Throws container_unknown. */
  badgeFor(id: string): Promise<Badge>
}

export interface ReleasesParts extends Omit<ChannelsParts, 'store' | 'imageNames' | 'releaseSet'> {
  changes: Pick<Changes, 'find' | 'read'>
  stores: Pick<Stores, 'containers' | 'summaries' | 'releases'>
}

export function createReleases({ stores, ...parts }: ReleasesParts): Releases {
  const store = stores.releases
  const imageNames = createImageNames(stores.containers)
  const releases = createFrozenReleases({ ...parts, store, channels: () => channels })
  const releaseSet = async (name: string) => setOf(await releases.read(name))
  const channels = createChannels({ ...parts, store, imageNames, releaseSet })
  async function badgeFor(id: string): Promise<Badge> {
    const { record } = await parts.changes.read(id)
    return badgeOf(currentImages(record, (await parts.views.gather(record)).facts))
  }
  const discover = createDiscover({ ...parts, ...stores, channels })
  const distGit = createDistGit({ ...parts, store, channels })
  return { imageNames, discover, channels, releases, distGit, badgeFor }
}
