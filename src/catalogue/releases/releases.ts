import { CatalogueError } from '../../domain/errors.ts'
import type { Stores } from '../../stores/document-store.ts'
import { type Channels, type ChannelsParts, createChannels } from './channels.ts'
import { createImageNames, type ImageNames } from './image-list.ts'

/** Whole sets of images: lists, channels and frozen releases. */
export interface Releases {
  imageNames: ImageNames
  channels: Channels
}

export interface ReleasesParts extends Omit<ChannelsParts, 'store' | 'imageNames' | 'releaseSet'> {
  stores: Pick<Stores, 'containers' | 'releases'>
}

export function createReleases({ stores, ...parts }: ReleasesParts): Releases {
  const imageNames = createImageNames(stores.containers)
  const releaseSet = async (name: string) => {
    throw new CatalogueError('release_unknown', `there is no release ${name}`)
  }
  return { imageNames, channels: createChannels({ ...parts, store: stores.releases, imageNames, releaseSet }) }
}
