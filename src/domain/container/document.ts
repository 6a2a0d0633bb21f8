import { type Architecture, amd64 } from '../architecture.ts'
import { type ImageKey, isPendingKey } from '../image/facts.ts'
import { isGuardUrl } from '../image/guard.ts'
import { type ImageUrls, readImages } from '../image/urls.ts'
import { pythonObject, pythonString, readJson, stringOf } from '../json/json.ts'
import type { Container } from './container.ts'

/*
 * The only place that knows the stored form: HySDS's fields, in HySDS's order, `urls` as JSON in a string. hysds_commons copies the
 * whole document into every job's payload, so it must contain nothing else.
 */

/** Returns the document of a container, as Mozart writes JSON. */
export function toDocument({ id, digest, url, version, urls }: Omit<Container, 'images'>): string {
  const members: [string, string][] = [
    ['id', pythonString(id)],
    ['digest', pythonString(digest)],
    ['url', pythonString(url)],
    ['version', pythonString(version)]
  ]
  if (urls !== undefined) members.push(['urls', pythonString(urls)])
  return pythonObject(members)
}

/** A record as any program wrote it: fields may be absent, null or of another type. */
export interface ContainerRecord {
  id: string
  /** Undefined when absent, empty, not a string, or a guard URL. */
  url: string | undefined
  version: string | undefined
  digest: string | undefined
  /** By architecture, without guard URLs. */
  images: ImageUrls
  /** Every member's JSON text, in the document's order. */
  members: Map<string, string>
}

export function fromDocument(id: string, document: string): ContainerRecord {
  const { members } = readJson(document)
  const url = stringOf(members.get('url'))
  const images = new Map([...readImages(members.get('urls'))].filter(([architecture, value]) => !isGuardUrl(value, { id, architecture })))
  const [version, digest] = [stringOf(members.get('version')), stringOf(members.get('digest'))]
  return { id, url: url && !isGuardUrl(url, { id, architecture: amd64 }) ? url : undefined, version, digest, images, members }
}

/** Returns the record of a container before its first image was published. */
export const emptyRecord = (id: string): ContainerRecord => fromDocument(id, '{}')

/** Returns the URL of one image; '' is the key of the image of a record that names no architectures. */
export const urlOf = ({ images, url }: ContainerRecord, imageKey: ImageKey): string | undefined =>
  imageKey === '' ? (images.size === 0 ? url : undefined) : isPendingKey(imageKey) ? undefined : images.get(imageKey)

/** Returns every image that a record names, with its key and URL. */
export const imagesByKey = ({ images, url }: ContainerRecord): [Architecture | '', string][] =>
  images.size > 0 ? [...images] : url === undefined ? [] : [['', url]]
