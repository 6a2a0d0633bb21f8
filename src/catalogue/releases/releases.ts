import type { Stores } from '../../stores/document-store.ts'
import { createImageNames, type ImageNames } from './image-list.ts'

/** Whole sets of images: lists, channels and frozen releases. */
export interface Releases {
  imageNames: ImageNames
}

export interface ReleasesParts {
  stores: Pick<Stores, 'containers'>
}

export function createReleases({ stores }: ReleasesParts): Releases {
  return { imageNames: createImageNames(stores.containers) }
}
