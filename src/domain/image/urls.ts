import { type Architecture, inTableOrder, likelyMeant, namesOf, parseArchitecture } from '../architecture.ts'
import { CatalogueError, isCatalogueError } from '../errors.ts'
import { type Json, JsonError, pythonObject, pythonString, readJson, readJsonLeniently, stringOf } from '../json/json.ts'
import { asArchitectureName } from '../json/reading.ts'
import { limits } from '../limits.ts'
import { maskedStart, maskSecrets } from '../secrets.ts'

/** The names in `urls` as they were sent, each with its URL. */
export type Names = Map<string, string>

export type ImageUrls = Map<Architecture, string>

/** Parses a `urls` parameter. Throws urls_invalid with the key, what was found and what was expected. */
export function parseNames(text: string): Names {
  const { kind, members, contradicted } = readUrlsJson(text)
  if (kind !== 'object') refuse(`is ${described(kind, text)}`)
  for (const key of contradicted) refuse(`has ${JSON.stringify(key.slice(0, 100))} twice, with different values`)
  return checkedNames([...members].map(([key, value]) => [key, stringOf(value) || refuseValue(key, value)]))
}

/** Throws urls_invalid for a key that cannot be the name of an architecture, or an empty URL. */
export function checkedNames(entries: readonly (readonly [name: string, url: string])[]): Names {
  for (const [name, url] of entries) {
    checkKey(name)
    if (url === '') refuseValue(name, '""')
  }
  return new Map(entries)
}

/** Returns each image under all names of its architecture. */
export const allNames = (images: ReadonlyMap<Architecture, string>): Names =>
  new Map([...images].flatMap(([architecture, url]) => namesOf(architecture).map((name) => [name, url] as const)))

/** Throws architecture_invalid for a name that most likely misspells a known one, unless the record has an image under it already. */
export function checkSpelling(names: Iterable<string>, stored: Pick<ReadonlyMap<Architecture, string>, 'has'> | undefined): void {
  for (const name of names) {
    const meant = likelyMeant(name)
    if (meant === undefined || stored?.has(parseArchitecture(name))) continue
    const message = `${JSON.stringify(name)} is not the name of an architecture; did you mean ${JSON.stringify(meant)}? Nothing was stored.`
    throw new CatalogueError('architecture_invalid', message)
  }
}

/** Returns the images of parsed names, by architecture. Throws urls_invalid when two names of one architecture have different URLs. */
export function imagesOf(names: Names): ImageUrls {
  const images: ImageUrls = new Map()
  const firstNames = new Map<Architecture, string>()
  for (const [name, url] of names) {
    const architecture = parseArchitecture(name)
    const known = images.get(architecture)
    if (known !== undefined && known !== url) {
      const other = firstNames.get(architecture)!
      const message = `urls names two images for ${architecture}: ${JSON.stringify(other)} is ${maskSecrets(known)}, ${JSON.stringify(name)} is ${maskSecrets(url)}; both names must have the same URL`
      throw new CatalogueError('urls_invalid', message)
    }
    if (known === undefined) firstNames.set(architecture, name)
    images.set(architecture, url)
  }
  return images
}

/** Returns `urls` as it is stored: as it was sent when no name is missing, else with the missing ones in the table's order. */
export function completeUrls(names: Names, { images, asItCame }: { images: ImageUrls; asItCame: string | undefined }): string {
  const complete: Names = new Map(names)
  for (const architecture of inTableOrder(images.keys())) {
    for (const name of namesOf(architecture)) if (!complete.has(name)) complete.set(name, images.get(architecture)!)
  }
  if (asItCame !== undefined && complete.size === names.size) return asItCame
  return pythonObject([...complete].map(([name, url]) => [name, pythonString(url)]))
}

/**
 * Returns the images in a stored `urls`: a JSON string, or an object, as another program may have written it. What cannot be understood
 * counts as absent, as for HySDS workers; so does a single name or value that makes no sense.
 */
export function readImages(stored: string | undefined): ImageUrls {
  const images: ImageUrls = new Map()
  if (stored === undefined) return images
  for (const [name, value] of readJsonLeniently(stringOf(stored) ?? stored)?.members ?? []) {
    const [url, architecture] = [stringOf(value), asArchitectureName(name)]
    if (!url || architecture === null) continue
    // another program may have written names that disagree: the one that a worker looks up is first in the table
    if (!images.has(architecture) || name === namesOf(architecture)[0]) images.set(architecture, url)
  }
  return images
}

function readUrlsJson(text: string): Json {
  try {
    return readJson(text)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    return refuse(`is not JSON: ${error.message}`)
  }
}

function checkKey(key: string): void {
  try {
    parseArchitecture(key)
  } catch (error) {
    if (!isCatalogueError(error)) throw error
    throw new CatalogueError('urls_invalid', `urls has the key ${JSON.stringify(key.slice(0, 100))}: ${error.message}`)
  }
}

const refuseValue = (key: string, value: string): never => refuse(`has ${describedValue(value)} under ${JSON.stringify(key)}`)

function refuse(found: string): never {
  const message = `urls ${found}; expected a JSON object from architecture to URL such as {"x86_64": "s3://…", "aarch64": "s3://…"}, at most ${limits.urls} bytes`
  throw new CatalogueError('urls_invalid', message)
}

const described = (kind: string, text: string) =>
  kind === 'null' ? 'null' : `${kind === 'array' ? 'an' : 'a'} ${kind} (${maskedStart(text, 60)})`

const describedValue = (value: string) => (value === '""' ? 'an empty string' : maskedStart(value, 60))
