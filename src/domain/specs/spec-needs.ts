import type { ContainerRecord } from '../container/document.ts'
import type { Facts, ImageKey } from '../image/facts.ts'
import { type ImageUrls, readImages } from '../image/urls.ts'
import { pythonObject, pythonString, readJson, stringOf } from '../json/json.ts'
import { itemsAt, membersAt } from '../json/json-scan.ts'
import { isStorableId } from '../limits.ts'

/** An image that a job needs besides its own container. */
export interface Dependency {
  name: string | null
  /** What machines load that `urls` does not list; null where they pull the name from a public hub. */
  url: string | null
  urls: ImageUrls
}

/** The images that a job specification names. */
export interface SpecNeeds {
  container: string | null
  dependencies: Dependency[]
}

/** The containers that a specification names; undefined for those that the catalogue does not have. */
export type Lookup = ReadonlyMap<string, { record: ContainerRecord; known: ReadonlyMap<ImageKey, Facts> } | undefined>

const maxDependencies = 256

export function needsOf(spec: string): SpecNeeds {
  const { members } = readJson(spec)
  return {
    container: stringOf(members.get('container')) || null,
    dependencies: dependenciesIn(members).map(({ dependency }) => dependency)
  }
}

/**
 * Fills the `urls` of dependency images from the catalogue, so that workers of every architecture load their own. Only where the
 * specification has none, and its url is one of that container's images: else it means another image. Returns the same text when there is
 * nothing to add.
 */
export function withImageUrls(spec: string, lookup: Lookup): string {
  const { members } = readJson(spec)
  const items = dependenciesIn(members).map(({ dependency, fields, text }) => {
    const found = dependency.name === null ? undefined : lookup.get(dependency.name)
    const urls = stringOf(found?.record.members.get('urls'))
    const isIts =
      found !== undefined && dependency.url !== null && [found.record.url, ...found.record.images.values()].includes(dependency.url)
    if (!urls || !isIts || found.record.images.size === 0 || readImages(fields.get('container_image_urls')).size > 0) return text
    return pythonObject(new Map([...fields, ['container_image_urls', pythonString(urls)]]))
  })
  const list = `[${[...items, ...itemsOf(members).slice(items.length)].join(', ')}]`
  if (items.length === 0 || list === members.get('dependency_images')) return spec
  return pythonObject(new Map([...members, ['dependency_images', list]]))
}

function itemsOf(members: ReadonlyMap<string, string>): string[] {
  const list = members.get('dependency_images')
  return list?.startsWith('[') ? itemsAt(list, 0) : []
}

function dependenciesIn(members: ReadonlyMap<string, string>): { dependency: Dependency; fields: Map<string, string>; text: string }[] {
  return itemsOf(members)
    .slice(0, maxDependencies)
    .map((item) => {
      const fields = item.startsWith('{') ? membersAt(item, 0) : new Map<string, string>()
      const text = (name: string) => stringOf(fields.get(name)) || null
      const urls = readImages(fields.get('container_image_urls'))
      return { dependency: { name: text('container_image_name'), url: text('container_image_url'), urls }, fields, text: item }
    })
}

/** Returns the ids to look up. */
export const namesIn = ({ container, dependencies }: SpecNeeds): string[] =>
  [...new Set([container, ...dependencies.map(({ name }) => name)])].filter((name) => name !== null).filter(isStorableId)
