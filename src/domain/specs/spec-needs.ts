import type { ContainerRecord } from '../container/document.ts'
import type { Facts, ImageKey } from '../image/facts.ts'
import { type ImageUrls, readImages } from '../image/urls.ts'
import { pythonObject, pythonString, stringOf } from '../json/json.ts'
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

/** Looks through a stored specification, which is valid JSON and may be large, without parsing what it does not look at. */
const membersOf = (spec: string): Map<string, string> => membersAt(spec, spec.indexOf('{'))

export function needsOf(spec: string): SpecNeeds {
  const members = membersOf(spec)
  return {
    container: stringOf(members.get('container')) || null,
    dependencies: dependenciesIn(members).map(({ dependency }) => dependency)
  }
}

/**
 * Fills the `urls` of dependency images from the catalogue, so that workers of every architecture load their own: where the specification
 * has none, and its url is one of that container's images. Returns the same text when there is nothing to add.
 */
export function withImageUrls(spec: string, lookup: Lookup): string {
  const members = membersOf(spec)
  const found = dependenciesIn(members)
  const items = found.map(({ dependency, fields, text }) => {
    const known = dependency.name === null ? undefined : lookup.get(dependency.name)
    const urls = stringOf(known?.record.members.get('urls'))
    const isIts =
      known !== undefined && dependency.url !== null && [known.record.url, ...known.record.images.values()].includes(dependency.url)
    if (!urls || !isIts || known.record.images.size === 0 || readImages(fields.get('container_image_urls')).size > 0) return text
    return pythonObject(new Map([...fields, ['container_image_urls', pythonString(urls)]]))
  })
  if (items.every((item, i) => item === found[i]!.text)) return spec
  const list = `[${[...items, ...itemsOf(members).slice(items.length)].join(', ')}]`
  return pythonObject(new Map([...members, ['dependency_images', list]]))
}

function itemsOf(members: ReadonlyMap<string, string>, most?: number): string[] {
  const list = members.get('dependency_images')
  return list?.startsWith('[') ? itemsAt(list, 0, most) : []
}

function dependenciesIn(members: ReadonlyMap<string, string>): { dependency: Dependency; fields: Map<string, string>; text: string }[] {
  return itemsOf(members, maxDependencies).map((item) => {
    const fields = item.startsWith('{') ? membersAt(item, 0) : new Map<string, string>()
    const text = (name: string) => stringOf(fields.get(name)) || null
    const urls = readImages(fields.get('container_image_urls'))
    return { dependency: { name: text('container_image_name'), url: text('container_image_url'), urls }, fields, text: item }
  })
}

/** Returns the ids to look up. */
export const namesIn = ({ container, dependencies }: SpecNeeds): string[] =>
  [...new Set([container, ...dependencies.map(({ name }) => name)])].filter((name) => name !== null).filter(isStorableId)
