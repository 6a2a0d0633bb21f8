import { type Architecture, namesOf, parseArchitecture } from '../architecture.ts'
import { CatalogueError } from '../errors.ts'
import { guardUrl, isGuardUrl } from '../image/guard.ts'
import { checkSpelling, completeUrls, type ImageUrls, imagesOf, type Names, parseNames } from '../image/urls.ts'
import { pythonObject, pythonString } from '../json/json.ts'
import { checkId, checkLength } from '../limits.ts'
import { maskSecrets } from '../secrets.ts'

/** The record that HySDS knows by its id, and nothing more. */
export interface Container {
  id: string
  version: string
  digest: string
  /** What x86_64 machines run, or a guard URL. */
  url: string
  /** JSON: every architecture under all its names. Absent in a record for one architecture that nobody named. */
  urls: string | undefined
}

/** What a pipeline sends to register a container. */
export interface Registration {
  id: string
  version: string
  digest: string
  url: string
  urls: string
}

export interface GuardOptions {
  /** Where this service is reached from outside. */
  publicUrl: string
  /** The architectures that get a guard URL in every record with `urls` that lacks them. */
  guarded: readonly Architecture[]
  /** The images that the record has already: their names are accepted, however they are spelt. */
  stored?: ReadonlyMap<Architecture, string> | undefined
}

const amd64 = parseArchitecture('amd64')
const empty = new Set(['', 'null', '{}'])

/**
 * The record that a registration makes: `url` is what x86_64 machines run and never another architecture's image, and in `urls`
 * every architecture stands under all its names, because a worker looks up platform.machine() and nothing else.
 * Throws id_invalid, parameter_invalid, architecture_invalid or urls_invalid.
 */
export function containerFrom(registration: Registration, options: GuardOptions): Container {
  const { id, version, digest } = registration
  checkId(id, 'name')
  checkLength('version', version)
  checkLength('digest', digest)
  checkLength('url', registration.url)
  checkLength('urls', registration.urls)

  const url = isGuardUrl(registration.url) ? '' : registration.url
  const posted = empty.has(registration.urls.trim()) ? new Map<string, string>() : parseNames(registration.urls)
  for (const [name, value] of posted) checkLength('url', value, `urls' ${JSON.stringify(name)}`)
  const names: Names = new Map([...posted].filter(([, value]) => !isGuardUrl(value)))
  const guardsRemoved = posted.size - names.size

  if (names.size === 0) {
    if (url === '') throw new CatalogueError('parameter_missing', 'Parameters (name, url, version, digest) must be supplied')
    return { id, version, digest, url, urls: undefined }
  }

  checkSpelling(names.keys(), options.stored)
  const images = imagesOf(names)
  if (url !== '' && url !== images.get(amd64)) refuseOtherArchitecture(images, url)
  if (url !== '' && !images.has(amd64)) addAmd64(names, images, url)
  const untouched = guardsRemoved === 0 && names.size === posted.size
  const asItCame = untouched ? registration.urls : undefined
  const urls = checkLength('urls', completeUrls(names, { images: withGuards(images, id, options), asItCame }))
  return { id, version, digest, url: url || images.get(amd64) || guardUrl(options.publicUrl, id, amd64), urls }
}

/** A new registration laid over a stored record, architecture by architecture: the new one's version and digest, both one's images. */
export function mergedRegistration(stored: { url: string | undefined; images: ImageUrls }, posted: Registration): Registration {
  const laidOver: Names = new Map()
  const add = (images: ImageUrls) => {
    for (const [architecture, url] of images) for (const name of namesOf(architecture)) laidOver.set(name, url)
  }
  add(stored.images)
  const postedNames = empty.has(posted.urls.trim()) ? new Map<string, string>() : parseNames(posted.urls)
  const postedImages = imagesOf(new Map([...postedNames].filter(([, value]) => !isGuardUrl(value))))
  if (posted.url !== '' && !isGuardUrl(posted.url) && !postedImages.has(amd64)) {
    refuseOtherArchitecture(postedImages, posted.url)
    addAmd64(new Map(), postedImages, posted.url)
  }
  add(postedImages)
  const url = posted.url || (postedImages.has(amd64) ? '' : ownUrl(stored))
  const urls = laidOver.size === 0 ? '' : completeUrls(laidOver, { images: imagesOf(laidOver), asItCame: undefined })
  return { ...posted, url, urls }
}

/**
 * One image laid over a stored record, or the first of a new one. The record's digest is the amd64 image's where there is one, else that
 * of the first that came: so it does not depend on which of several machines was the last.
 */
export function imageRegistration(
  stored: { version: string; digest: string; url: string | undefined; images: ImageUrls } | undefined,
  { id, version, digest, architecture, url }: { id: string; version: string; digest: string; architecture: Architecture; url: string }
): Registration {
  const urls = pythonObject(namesOf(architecture).map((name) => [name, pythonString(url)]))
  if (stored === undefined) return { id, version, digest, url: '', urls }
  const others = [...stored.images.keys()].some((other) => other !== architecture) || (stored.images.size === 0 && stored.url !== undefined)
  return mergedRegistration(stored, { id, version, digest: architecture === amd64 || !others ? digest : stored.digest, url: '', urls })
}

/** The record with one image under another architecture: for one that was registered as what it is not. */
export function movedImage(
  stored: { id: string; version: string; digest: string; url: string | undefined; images: ImageUrls },
  { from, to }: { from: Architecture; to: Architecture }
): Registration {
  const { id, version, digest } = stored
  const images: ImageUrls = new Map(stored.images)
  images.set(to, images.get(from)!)
  images.delete(from)
  const names = [...images].flatMap(([architecture, url]) =>
    namesOf(architecture).map((name): [string, string] => [name, pythonString(url)])
  )
  const url = from === amd64 || to === amd64 ? '' : ownUrl(stored)
  return { id, version, digest, url, urls: pythonObject(names) }
}

/** The record without the image of one architecture. */
export function withoutImage(
  stored: { id: string; version: string; digest: string; url: string | undefined; images: ImageUrls },
  architecture: Architecture
): Registration {
  const { id, version, digest } = stored
  const others = [...stored.images].filter(([other]) => other !== architecture)
  const names = others.flatMap(([other, url]) => namesOf(other).map((name): [string, string] => [name, pythonString(url)]))
  return { id, version, digest, url: architecture === amd64 ? '' : ownUrl(stored), urls: pythonObject(names) }
}

function addAmd64(names: Names, images: ImageUrls, url: string): void {
  for (const name of namesOf(amd64)) names.set(name, url)
  images.set(amd64, url)
}

/** Old workers on x86_64 know only `url`: under another architecture's image they would end with "exec format error". */
function refuseOtherArchitecture(images: ImageUrls, url: string): void {
  const other = [...images].find(([architecture, image]) => architecture !== amd64 && image === url)?.[0]
  if (other === undefined) return
  const remedy = images.has(amd64)
    ? 'leave url empty, or give it the URL that urls has for x86_64'
    : 'leave url empty for a container without an amd64 image'
  throw new CatalogueError('urls_invalid', `url is what x86_64 machines run, but ${maskSecrets(url)} is registered as ${other}; ${remedy}`)
}

/** Returns a stored record's `url`; '' where it is a guard URL or, in a record that another program wrote, another architecture's image. */
export function ownUrl({ url = '', images }: { url: string | undefined; images: ImageUrls }): string {
  const foreign = url !== images.get(amd64) && [...images.values()].includes(url)
  return isGuardUrl(url) || foreign ? '' : url
}

function withGuards(images: ImageUrls, id: string, { publicUrl, guarded }: GuardOptions): ImageUrls {
  const lacking = guarded.filter((architecture) => !images.has(architecture))
  return new Map([...images, ...lacking.map((architecture) => [architecture, guardUrl(publicUrl, id, architecture)] as const)])
}
