import type { ContainerPatch, ImageRegistration } from '../../schemas.ts'
import { type Architecture, amd64, inTableOrder, parseArchitecture } from '../architecture.ts'
import { CatalogueError } from '../errors.ts'
import { tagOf } from '../image/storage.ts'
import { allNames, checkedNames } from '../image/urls.ts'
import { imageRegistration, ownUrl, type ParsedRegistration, registrationWith } from './container.ts'
import type { ContainerRecord } from './document.ts'
import { imageMissing } from './resolution.ts'

/** A container as a caller would have it; what is absent is as it was, or follows from the rest. */
export interface ContainerGiven extends ContainerPatch {
  images?: { [architecture: string]: ImageRegistration }
}

/** One thing that may be done to a container; several of them can be done at once. */
export type Edit =
  | { op: 'put'; container: ContainerGiven }
  /** Laid over what there is (RFC 7396): null takes an image away, and one that is not there is no fault. */
  | { op: 'patch'; container: ContainerPatch }
  | { op: 'delete'; mayBeAbsent?: true }
  | { op: 'put-image'; architecture: Architecture; url: string; digest?: string | undefined; version?: string | undefined }
  | { op: 'delete-image'; architecture: Architecture }

/** What the container is to be registered as; undefined: not at all. Throws what is wrong with the edit, given what stands there. */
export function edited(id: string, { known, edit }: { known: ContainerRecord | undefined; edit: Edit }): ParsedRegistration | undefined {
  switch (edit.op) {
    case 'put':
      return put(id, known, edit.container)
    case 'patch':
      return patchedRegistration(existing(id, known), edit.container)
    case 'put-image':
      return putImage(id, known, edit)
    case 'delete-image':
      return withoutImage(existing(id, known), edit.architecture)
    case 'delete':
      if (!edit.mayBeAbsent) existing(id, known)
      return undefined
  }
}

/** Returns whether an edit takes images away, and whether it does anything else. */
export function takes(edit: Edit): { away: boolean; more: boolean } {
  if (edit.op === 'delete' || edit.op === 'delete-image') return { away: true, more: false }
  return { away: edit.op === 'patch' && Object.values(edit.container.images ?? {}).includes(null), more: true }
}

export function digestsGiven(edit: Edit): [Architecture, string][] {
  if (edit.op === 'put-image') return edit.digest === undefined ? [] : [[edit.architecture, edit.digest]]
  if (edit.op !== 'put' && edit.op !== 'patch') return []
  return Object.entries(edit.container.images ?? {}).flatMap(([name, image]) =>
    image !== null && typeof image === 'object' && image.digest !== undefined ? [[parseArchitecture(name), image.digest]] : []
  )
}

/** The images that an edit brings. A whole container says what shall be, not that any of it was built: what stays of it brings nothing. */
export function broughtBy(edit: Edit): Architecture[] {
  if (edit.op === 'put-image') return [edit.architecture]
  if (edit.op !== 'patch') return []
  return Object.entries(edit.container.images ?? {}).flatMap(([name, image]) => (image === null ? [] : parseArchitecture(name)))
}

function existing(id: string, known: ContainerRecord | undefined): ContainerRecord {
  if (known) return known
  throw new CatalogueError('container_unknown', `container not found: ${id}`)
}

function put(id: string, known: ContainerRecord | undefined, given: ContainerGiven): ParsedRegistration {
  const images = Object.entries(given.images ?? {})
  const digests = new Map(digestsGiven({ op: 'put', container: given }))
  // the amd64 image's, else the first in the table's order: so that it does not depend on theirs
  const first = inTableOrder(digests.keys())[0]
  const digest = given.digest ?? (first && digests.get(first)) ?? known?.digest
  const version = given.version ?? known?.version ?? tagOf(id)
  const url = given.url ?? ''
  if (images.length === 0 && url === '') missing(id, 'url or images')
  const fields = { id, version: version || missing(id, 'version'), digest: digest || missing(id, 'digest'), url }
  return registrationWith(fields, checkedNames(images.map(([name, image]) => [name, urlOf(image)])))
}

/** Returns a record with a patch laid over it. Throws urls_invalid, image_refused where nothing would be left. */
export function patchedRegistration(known: ContainerRecord, patch: ContainerPatch): ParsedRegistration {
  const images = new Map(known.images)
  const given = Object.entries(patch.images ?? {}).map(([name, image]) => [name, parseArchitecture(name), image] as const)
  const seen = new Map<Architecture, string>()
  for (const [name, architecture, image] of given) {
    const twin = seen.get(architecture)
    if (twin !== undefined) {
      throw new CatalogueError('urls_invalid', `images names ${architecture} twice, as ${twin} and as ${name}; say it once`)
    }
    seen.set(architecture, name)
    if (image !== null) images.set(architecture, urlOf(image))
    else images.delete(architecture)
  }
  // url follows the image of x86_64 where there is or was one
  const follows = seen.has(amd64) && (images.has(amd64) || known.images.has(amd64))
  const url = patch.url ?? (follows ? '' : ownUrl(known))
  if (images.size === 0 && url === '') {
    throw new CatalogueError('image_refused', `nothing would be left of ${known.id}; delete the container instead`)
  }
  const { id, version = '', digest = '' } = { ...known, ...patch }
  return registrationWith({ id, version, digest, url }, checkedNames([...allNames(images)]))
}

function withoutImage(known: ContainerRecord, architecture: Architecture): ParsedRegistration {
  if (!known.images.has(architecture)) throw imageMissing(known, { architecture })
  return patchedRegistration(known, { images: { [architecture]: null } })
}

function putImage(id: string, known: ContainerRecord | undefined, edit: Edit & { op: 'put-image' }): ParsedRegistration {
  const { architecture, url } = edit
  const version = edit.version || known?.version || tagOf(id) || missing(id, 'version')
  const digest = edit.digest || known?.digest || missing(id, 'digest')
  return imageRegistration(known, { id, version, digest, architecture, url })
}

const urlOf = (image: ImageRegistration): string => (typeof image === 'string' ? image : image.url)

function missing(id: string, name: string): never {
  throw new CatalogueError('parameter_missing', `${name} must be supplied: ${id} is new, or nothing tells it`)
}
