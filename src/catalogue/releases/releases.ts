import { currentImages } from '../../domain/build/state.ts'
import { type Badge, badgeOf } from '../../domain/releases/badge.ts'
import { setOf } from '../../domain/releases/release.ts'
import { type Channels, createChannels } from './channels.ts'
import { createDiscover, type Discover } from './discovery.ts'
import { createDistGit, type DistGit } from './dist-git.ts'
import { createFrozenReleases, type FrozenReleases } from './frozen.ts'
import { createImageNames, type ImageNames } from './image-list.ts'
import type { ReleasesParts } from './parts.ts'

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

export function createReleases(parts: ReleasesParts): Releases {
  const imageNames = createImageNames(parts.stores.containers)
  const releases = createFrozenReleases({ ...parts, channels: () => channels })
  const releaseSet = async (name: string) => setOf(await releases.read(name))
  const channels = createChannels({ ...parts, imageNames, releaseSet })
  async function badgeFor(id: string): Promise<Badge> {
    const { record } = await parts.changes.read(id)
    return badgeOf(currentImages(record, (await parts.views.gather(record)).facts))
  }
  const discover = createDiscover(parts, channels)
  return { imageNames, discover, channels, releases, distGit: createDistGit(parts, channels), badgeFor }
}
