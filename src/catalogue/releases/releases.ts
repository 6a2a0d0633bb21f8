import { setOf } from '../../domain/releases/release.ts'
import type { Stores } from '../../stores/document-store.ts'
import { type Channels, type ChannelsParts, createChannels } from './channels.ts'
import { createFrozenReleases, type FrozenReleases } from './frozen.ts'
import { createImageNames, type ImageNames } from './image-list.ts'

/** Whole sets of images: lists, channels and frozen releases. */
export interface Releases {
  imageNames: ImageNames
  channels: Channels
  releases: FrozenReleases
}

export interface ReleasesParts extends Omit<ChannelsParts, 'store' | 'imageNames' | 'releaseSet'> {
  stores: Pick<Stores, 'containers' | 'releases'>
}

export function createReleases({ stores, ...parts }: ReleasesParts): Releases {
  const store = stores.releases
  const imageNames = createImageNames(stores.containers)
  const releases = createFrozenReleases({ ...parts, store, channels: () => channels })
  const releaseSet = async (name: string) => setOf(await releases.read(name))
  const channels = createChannels({ ...parts, store, imageNames, releaseSet })
  return { imageNames, channels, releases }
}
