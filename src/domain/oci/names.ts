import { type Architecture, inTableOrder, knownArchitectures, namesOf } from '../architecture.ts'
import { CatalogueError } from '../errors.ts'

/** Where registry clients find a container: `hysds/hello` and `v1`. */
export interface TagName {
  repository: string
  tag: string
}

const maxRepository = 255
const repositoryPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/

export const isRepository = (name: string): boolean => name.length <= maxRepository && repositoryPattern.test(name)
export const isTag = (name: string): boolean => /^\w[\w.-]{0,127}$/.test(name)
export const isDigest = (name: string): boolean => /^sha256:[0-9a-f]{64}$/.test(name)

/** The tag of an id without one, as clients have it. */
const defaultTag = 'latest'

/** Returns the name of a container in `/v2/`, or why no registry client can spell it. */
export function tagNameOf(id: string): TagName | { why: string } {
  const colon = id.lastIndexOf(':')
  const hasTag = colon > id.lastIndexOf('/')
  const repository = hasTag ? id.slice(0, colon) : id
  const tag = hasTag ? id.slice(colon + 1) : defaultTag
  if (/[A-Z]/.test(repository)) return { why: 'registry clients allow no upper case in a name' }
  if (repository.length > maxRepository) return { why: `registry clients allow names of at most ${maxRepository} characters` }
  if (!isRepository(repository)) {
    const why = `${JSON.stringify(repository.slice(0, 100))} is no name for registry clients: they allow a-z, 0-9, ".", "_", "-" and "/"`
    return { why }
  }
  if (tag.length > 128) return { why: 'registry clients allow tags of at most 128 characters' }
  if (!isTag(tag)) {
    return { why: `${JSON.stringify(tag.slice(0, 100))} is no tag for registry clients: they allow letters, digits, "_", "." and "-"` }
  }
  return { repository, tag }
}

/** Returns the ids that a tag may mean, the likeliest first. */
export const idsOf = ({ repository, tag }: TagName): [string, ...string[]] =>
  tag === defaultTag ? [`${repository}:${tag}`, repository] : [`${repository}:${tag}`]

/** Returns what builders append to a tag for an architecture: `-arm64`, `-aarch64`. */
export function suffixesOf(architecture: Architecture): string[] {
  return namesOf(architecture).map((name) => `-${name.replace('/', '-')}`)
}

/** Suffixes that builders append for an architecture, the longest first: `-aarch64` before `-64`. */
const suffixes: readonly [suffix: string, architecture: Architecture][] = inTableOrder([...knownArchitectures] as Architecture[])
  .flatMap((architecture) => suffixesOf(architecture).map((suffix): [string, Architecture] => [suffix, architecture]))
  .sort(([a], [b]) => b.length - a.length)

/** Splits `v1-arm64` into `v1` and arm64; undefined for a name that does not end like an architecture. */
export function splitSuffix(name: string): { base: string; architecture: Architecture } | undefined {
  const found = suffixes.find(([suffix]) => name.length > suffix.length && name.toLowerCase().endsWith(suffix))
  return found && { base: name.slice(0, -found[0].length), architecture: found[1] }
}

/** Returns whether a pushed name is one architecture's by its own words: `hello:v1-arm64`, `operator-amd64:1`. */
export const namesArchitecture = ({ repository, tag }: TagName): boolean =>
  [tag, repository].some((name) => splitSuffix(name) !== undefined || /-(?:amd|arm)$/.test(name))

/** What a path below `/v2/` is about. */
export type OciPath =
  | { kind: 'base' }
  | { kind: 'catalogue' }
  | { kind: 'tags'; repository: string }
  | { kind: 'manifest'; repository: string; reference: string }
  | { kind: 'blob'; repository: string; digest: string }
  | { kind: 'uploads'; repository: string }
  | { kind: 'upload'; repository: string; upload: string }
  | { kind: 'referrers'; repository: string; digest: string }

const paths: readonly [RegExp, (repository: string, rest: string) => OciPath][] = [
  [/^(.+)\/tags\/list$/, (repository) => ({ kind: 'tags', repository })],
  [/^(.+)\/manifests\/([^/]+)$/, (repository, reference) => ({ kind: 'manifest', repository, reference })],
  [/^(.+)\/blobs\/uploads\/?$/, (repository) => ({ kind: 'uploads', repository })],
  [/^(.+)\/blobs\/uploads\/([^/]+)$/, (repository, upload) => ({ kind: 'upload', repository, upload })],
  [/^(.+)\/blobs\/([^/]+)$/, (repository, digest) => ({ kind: 'blob', repository, digest })],
  [/^(.+)\/referrers\/([^/]+)$/, (repository, digest) => ({ kind: 'referrers', repository, digest })]
]

/** Parses what follows `/v2/`. Undefined for a path that the specification does not have. Throws name_invalid, digest_invalid. */
export function parseOciPath(path: string): OciPath | undefined {
  if (path === '') return { kind: 'base' }
  if (path === '_catalog') return { kind: 'catalogue' }
  for (const [pattern, of] of paths) {
    const [, repository, rest = ''] = pattern.exec(path) ?? []
    if (repository === undefined) continue
    const found = of(checkRepository(repository), rest)
    if ('digest' in found) checkDigestName(found.digest)
    if (found.kind === 'manifest') checkReference(found.reference)
    return found
  }
  return undefined
}

/** Throws name_invalid. */
export function checkRepository(repository: string): string {
  if (isRepository(repository)) return repository
  const message = `${JSON.stringify(repository.slice(0, 300))} is no repository's name; expected lower-case letters and digits, with ".", "_", "-" between them, in parts separated by "/", at most ${maxRepository} characters`
  throw new CatalogueError('name_invalid', message)
}

/** Throws digest_invalid. */
export function checkDigestName(digest: string): string {
  if (isDigest(digest)) return digest
  const what = /^sha512:/.test(digest) ? 'this registry keeps content by sha256 only' : 'expected sha256: and 64 digits, 0-9 and a-f'
  throw new CatalogueError('digest_invalid', `${JSON.stringify(digest.slice(0, 200))} is no digest here: ${what}`)
}

function checkReference(reference: string): void {
  if (reference.includes(':')) checkDigestName(reference)
  else if (!isTag(reference)) {
    const message = `${JSON.stringify(reference.slice(0, 200))} is no tag; expected a letter, a digit or "_", then letters, digits, "_", "." and "-", at most 128 characters`
    throw new CatalogueError('manifest_invalid', message)
  }
}
