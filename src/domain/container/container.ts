import { type Architecture, amd64, namesOf, parseArchitecture } from '../architecture.ts'
import { CatalogueError } from '../errors.ts'
import { guardUrl, isGuardUrl, isOwnGuardUrl } from '../image/guard.ts'
import { allNames, checkSpelling, completeUrls, type ImageUrls, imagesOf, type Names, parseNames } from '../image/urls.ts'
import { checkId, checkLength } from '../limits.ts'
import { maskSecrets } from '../secrets.ts'
import type { ContainerRecord } from './document.ts'

interface ContainerFields {
  id: string
  version: string
  digest: string
  /** What x86_64 machines run. */
  url: string
}

/** The record that HySDS knows by its id, and nothing more. Its `url` may be a guard URL. */
export interface Container extends ContainerFields {
  /** JSON: every architecture under all its names. Absent in a record for one architecture that nobody named. */
  urls: string | undefined
  /** The same by architecture, without guard URLs. */
  images: ImageUrls
}

/** What a pipeline sends to register a container. */
export interface Registration extends ContainerFields {
  /** JSON from the names of architectures to URLs. */
  urls: string
}

/** A registration that has been read, or made of a stored record. Its `url` is empty where there is none, or a guard URL. */
export interface ParsedRegistration extends ContainerFields {
  /** Without guard URLs. */
  names: Names
  /** `urls` as it was sent, where it holds these names and nothing more: it is stored byte for byte if nothing is missing in it. */
  text?: string
}

export interface GuardUrlOptions {
  /** Where this service is reached from outside. */
  publicUrl: string
  /** The architectures that get a guard URL in every record with `urls` that lacks them. */
  guarded: readonly Architecture[]
  /** The images that the record has already: their names are accepted, however they are spelt. */
  stored?: Pick<ReadonlyMap<Architecture, string>, 'has'> | undefined
}

const empty = new Set(['', 'null', '{}'])

/** Throws parameter_invalid, urls_invalid. */
export function parseRegistration({ urls, ...fields }: Registration): ParsedRegistration {
  checkLength('urls', urls)
  const posted: Names = empty.has(urls.trim()) ? new Map() : parseNames(urls)
  const registration = registrationWith(fields, posted)
  return registration.names.size === posted.size ? { ...registration, text: urls } : registration
}

/** Returns a registration of the names, without what is a guard URL. */
export const registrationWith = ({ id, version, digest, url }: ContainerFields, names: Names): ParsedRegistration => ({
  id,
  version,
  digest,
  url: isGuardUrl(url, { id, architecture: amd64 }) ? '' : url,
  names: new Map([...names].filter(([name, value]) => !isGuardUrl(value, { id, architecture: parseArchitecture(name) })))
})

/**
 * Returns the record that a registration makes: `url` is what x86_64 machines run, and `urls` has every name of each architecture, as a
 * worker looks up platform.machine() and nothing else. Throws id_invalid, parameter_invalid, architecture_invalid or urls_invalid.
 */
export function containerFrom(registration: ParsedRegistration, options: GuardUrlOptions): Container {
  const { id, version, digest } = registration
  const url = isOwnGuardUrl(registration.url, options.publicUrl) ? '' : registration.url
  checkId(id, 'name')
  checkLength('version', version)
  checkLength('digest', digest)
  checkLength('url', url)
  const names: Names = new Map([...registration.names].filter(([, value]) => !isOwnGuardUrl(value, options.publicUrl)))
  for (const [name, value] of names) checkLength('url', value, `urls' ${JSON.stringify(name)}`)
  if (names.size === 0) {
    if (url === '') throw new CatalogueError('parameter_missing', 'Parameters (name, url, version, digest) must be supplied')
    return { id, version, digest, url, urls: undefined, images: new Map() }
  }

  checkSpelling(names.keys(), options.stored)
  const images = imagesOf(names)
  if (url !== '' && url !== images.get(amd64)) refuseOtherArchitecture(images, url)
  if (url !== '' && !images.has(amd64)) {
    for (const name of namesOf(amd64)) names.set(name, url)
    images.set(amd64, url)
  }
  const asItCame = names.size === registration.names.size ? registration.text : undefined
  const urls = checkLength('urls', completeUrls(names, { images: withGuards(images, id, options), asItCame }))
  return { id, version, digest, url: url || images.get(amd64) || guardUrl(options.publicUrl, id, amd64), urls, images }
}

export type StoredImages = Pick<ContainerRecord, 'url' | 'images'>

export type StoredRegistration = StoredImages & Pick<ContainerRecord, 'digest'>

/** Returns a registration laid over a stored record, architecture by architecture: its version and digest, and the images of both. */
export function mergedRegistration(stored: StoredImages, { id, version, digest, url, names }: ParsedRegistration): ParsedRegistration {
  const images = imagesOf(names)
  if (url !== '' && !images.has(amd64)) {
    refuseOtherArchitecture(images, url)
    images.set(amd64, url)
  }
  const merged = allNames(new Map([...stored.images, ...images]))
  return { id, version, digest, url: url || (images.has(amd64) ? '' : ownUrl(stored)), names: merged }
}

/** One image of a container, as its builder registers it. */
export interface NewImage {
  architecture: Architecture
  url: string
  version: string
  digest: string
}

/**
 * Returns one image laid over a stored record, or the first of a new one. The record's digest is the amd64 image's where there is one,
 * else that of the first that came: so it does not depend on which of several machines was the last.
 */
export function imageRegistration(stored: StoredRegistration | undefined, image: NewImage & { id: string }): ParsedRegistration {
  const { architecture, url, ...fields } = image
  const named = (digest: string) => registrationWith({ ...fields, digest, url: '' }, allNames(new Map([[architecture, url]])))
  if (stored === undefined) return named(fields.digest)
  const others = [...stored.images.keys()].some((other) => other !== architecture) || (stored.images.size === 0 && stored.url !== undefined)
  return mergedRegistration(stored, named(architecture === amd64 || !others ? fields.digest : (stored.digest ?? '')))
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
export function ownUrl({ url = '', images }: StoredImages): string {
  const foreign = url !== images.get(amd64) && [...images.values()].includes(url)
  return foreign ? '' : url
}

function withGuards(images: ImageUrls, id: string, { publicUrl, guarded }: GuardUrlOptions): ImageUrls {
  const lacking = guarded.filter((architecture) => !images.has(architecture))
  return new Map([...images, ...lacking.map((architecture) => [architecture, guardUrl(publicUrl, id, architecture)] as const)])
}
