import type { Architecture } from '../domain/architecture.ts'
import type { ImageFacts } from './image-report.ts'
import { armVariant } from './machines.ts'
import { otherPlatform } from './platform.ts'

/** The image of an archive that a caller means. */
export interface Wanted {
  /** Undefined for all images for Linux. */
  architecture: Architecture | undefined
  /** The container that the archive is for, as `hello:1`. Among several images for the architecture, the one with that tag is meant. */
  container?: string | undefined
}

type Choosable = Pick<ImageFacts, 'claimed' | 'config' | 'tags'>

/** The images for Linux; an archive may hold images for other systems as well, which no machine here runs. */
export const forLinux = <Image extends Choosable>(images: readonly Image[]): Image[] =>
  images.filter(({ config }) => otherPlatform(config ?? {}) === undefined)

/** Returns the images that are meant: one, several where nothing tells, or none. A claim about the only image for Linux is about it. */
export function chosenImages<Image extends Choosable>(images: readonly Image[], { architecture, container }: Wanted): Image[] {
  const linux = forLinux(images)
  if (architecture === undefined || linux.length === 1) return linux
  const candidates = distinct(forArchitecture(linux, architecture))
  if (candidates.length < 2 || container === undefined) return candidates
  const tagged = candidates.filter(({ tags }) => tags.some((tag) => isTagOf(tag, container)))
  return tagged.length === 1 ? tagged : candidates
}

/** For 32-bit ARM, falls back to the newest older variant, as containerd does. */
function forArchitecture<Image extends Choosable>(images: readonly Image[], architecture: Architecture): Image[] {
  const exact = images.filter(({ claimed }) => claimed === architecture)
  const most = armVariant(architecture)
  if (exact.length > 0 || most === undefined) return exact
  const variantOf = ({ claimed }: Image) => (claimed === null ? undefined : armVariant(claimed as Architecture)) ?? Number.POSITIVE_INFINITY
  const older = images.filter((image) => variantOf(image) < most)
  const newest = Math.max(...older.map(variantOf))
  return older.filter((image) => variantOf(image) === newest)
}

/** Keeps one of several images with the same configuration, which differ only in how their layers are compressed. */
function distinct<Image extends Choosable>(images: readonly Image[]): Image[] {
  return images.filter(({ config }, at) => {
    return config === null || images.findIndex((other) => other.config?.digest === config.digest) === at
  })
}

/** Whether a tag (`registry/hello:1`, or just `1`) belongs to a container. */
function isTagOf(tag: string, container: string): boolean {
  return tag === container || tag.endsWith(`/${container}`) || tag === container.slice(container.lastIndexOf(':') + 1)
}
