import type { Architecture } from '../domain/architecture.ts'
import type { ImageFacts } from './image-report.ts'
import { armVariant } from './machines.ts'
import { otherPlatform } from './platform.ts'

/** Which image of an archive is meant. */
export interface Wanted {
  /** Undefined: whatever the archive holds for Linux. */
  architecture: Architecture | undefined
  /** The container that it is brought for, as `hello:1`: of several images for the architecture, the one that is tagged so. */
  container?: string | undefined
}

type Choosable = Pick<ImageFacts, 'claimed' | 'config' | 'tags'>

/** The images that an archive holds for Linux; those for other systems stand beside them and are nobody's here. */
export const forLinux = <Image extends Choosable>(images: readonly Image[]): Image[] =>
  images.filter(({ config }) => otherPlatform(config ?? {}) === undefined)

/**
 * The images that are meant: one where the archive tells it, several where it does not, none where it holds none. A claim about the only
 * image for Linux is about that one, whatever it says of itself.
 */
export function chosenImages<Image extends Choosable>(images: readonly Image[], { architecture, container }: Wanted): Image[] {
  const linux = forLinux(images)
  if (architecture === undefined || linux.length === 1) return linux
  const candidates = distinct(forArchitecture(linux, architecture))
  if (candidates.length < 2 || container === undefined) return candidates
  const tagged = candidates.filter(({ tags }) => tags.some((tag) => isTagOf(tag, container)))
  return tagged.length === 1 ? tagged : candidates
}

/** Of 32-bit ARM, an older variant where there is none of this one, as containerd chooses, too. */
function forArchitecture<Image extends Choosable>(images: readonly Image[], architecture: Architecture): Image[] {
  const exact = images.filter(({ claimed }) => claimed === architecture)
  const most = armVariant(architecture)
  if (exact.length > 0 || most === undefined) return exact
  const variantOf = ({ claimed }: Image) => (claimed === null ? undefined : armVariant(claimed as Architecture)) ?? Number.POSITIVE_INFINITY
  const older = images.filter((image) => variantOf(image) < most)
  const newest = Math.max(...older.map(variantOf))
  return older.filter((image) => variantOf(image) === newest)
}

/** Of images with one configuration, which differ in how their layers are packed, the first. */
function distinct<Image extends Choosable>(images: readonly Image[]): Image[] {
  return images.filter(({ config }, at) => {
    return config === null || images.findIndex((other) => other.config?.digest === config.digest) === at
  })
}

/** Whether a tag (`registry/hello:1`, or only `1`) is that of a container. */
function isTagOf(tag: string, container: string): boolean {
  return tag === container || tag.endsWith(`/${container}`) || tag === container.slice(container.lastIndexOf(':') + 1)
}
