import type { Architecture } from './architecture.ts'
import type { Container } from './container.ts'
import { isWaiting, type Slot } from './facts.ts'
import { isGuardUrl } from './guard.ts'
import { pythonObject, pythonString, readJson, stringOf } from './json.ts'
import { type Images, readImages } from './urls.ts'

/*
 * The only place that knows the stored form: HySDS's fields, in HySDS's order, `urls` as JSON in a string. hysds_commons copies the
 * whole document into every job's payload, so nothing else may stand in it.
 */

/** The document of a container, as Mozart's JSON text. */
export function toDocument({ id, digest, url, version, urls }: Container): string {
  const members: [string, string][] = [
    ['id', pythonString(id)],
    ['digest', pythonString(digest)],
    ['url', pythonString(url)],
    ['version', pythonString(version)]
  ]
  if (urls !== undefined) members.push(['urls', pythonString(urls)])
  return pythonObject(members)
}

/** What a document says about images, whoever wrote it: fields may be absent, null or of another type. */
export interface Record {
  id: string
  /** Undefined when absent, empty, not a string, or a guard URL. */
  url: string | undefined
  version: string | undefined
  digest: string | undefined
  /** By architecture, without guard URLs. */
  images: Images
  /** Every member's JSON text, in the document's order. */
  members: Map<string, string>
}

export function fromDocument(id: string, document: string): Record {
  const { members } = readJson(document)
  const url = stringOf(members.get('url'))
  const images = new Map([...readImages(members.get('urls'))].filter(([, value]) => !isGuardUrl(value)))
  const [version, digest] = [stringOf(members.get('version')), stringOf(members.get('digest'))]
  return { id, url: url && !isGuardUrl(url) ? url : undefined, version, digest, images, members }
}

/** The URL of one image; '' stands for the one of a record that names no architectures. */
export const urlOf = ({ images, url }: Record, slot: Slot): string | undefined =>
  slot === '' ? (images.size === 0 ? url : undefined) : isWaiting(slot) ? undefined : images.get(slot)

/** Every image that a record names, with its URL; '' as above. */
export const imagesBySlot = ({ images, url }: Record): [Architecture | '', string][] =>
  images.size > 0 ? [...images] : url === undefined ? [] : [['', url]]
