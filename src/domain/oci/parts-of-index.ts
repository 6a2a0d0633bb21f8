import type { Architecture } from '../architecture.ts'
import { asFields, asList } from '../json/reading.ts'

/** An image that an index names, or the only one where there is no index. */
export interface ListedImage {
  digest: string
  /** Undefined for another system than Linux, and for what is no image, such as an attestation. */
  architecture: Architecture | undefined
}

export interface ImageSelection {
  chosen: ListedImage[]
  /** The architectures that there are. */
  has: Architecture[]
  /** Those that were asked for and are not there. */
  lacks: Architecture[]
}

/** Chooses images by architecture; all of those that have one where nothing was asked for. */
export function selectImages(images: readonly ListedImage[], wanted: readonly Architecture[]): ImageSelection {
  const has = [...new Set(images.flatMap(({ architecture }) => architecture ?? []))]
  const isChosen = ({ architecture }: ListedImage) => architecture !== undefined && (wanted.length === 0 || wanted.includes(architecture))
  return { chosen: images.filter(isChosen), has, lacks: wanted.filter((architecture) => !has.includes(architecture)) }
}

/** By this, BuildKit says which image an attestation is about. */
const aboutAnnotation = 'vnd.docker.reference.digest'

/** Returns the text of an index with some of its images and the attestations about them, as they were; the same text for all of it. */
export function indexOfParts(text: string, digests: ReadonlySet<string>): string {
  const fields = asFields(JSON.parse(text)) ?? {}
  const all = asList(fields['manifests'])
  const manifests = all.filter((entry) => {
    const { digest, annotations } = asFields(entry) ?? {}
    return [digest, asFields(annotations)?.[aboutAnnotation]].some((one) => typeof one === 'string' && digests.has(one))
  })
  return manifests.length === all.length ? text : JSON.stringify({ ...fields, manifests })
}
