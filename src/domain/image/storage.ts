import type { Architecture } from '../architecture.ts'
import type { Condition } from '../json/query.ts'
import { parsedJson } from '../json/reading.ts'
import { utf8Length } from '../limits.ts'
import { percentDecoded } from '../percent.ts'

/* Tarballs are at `containers/<id>/<sha256, 12>/<name>-<version>[-<architecture>].tar[.gz]`; workers cache by the last segment. */

export interface Tarball {
  id: string
  version: string
  architecture: Architecture
  /** Hexadecimal. */
  sha256: string
  compression: 'none' | 'gzip' | 'zstd'
  /** The client's name for it; its stem replaces `<name>-<version>`. */
  filename?: string | undefined
}

const endings = { none: '.tar', gzip: '.tar.gz', zstd: '.tar.zst' }

export function tarballKey({ id, version, architecture, sha256, compression, filename }: Tarball): string {
  const suffix = architecture === 'amd64' ? '' : `-${flat(architecture)}`
  const stem = filename?.replace(/\.(?:tgz|tar(?:\.(?:gz|zst))?)$/i, '') || `${nameOf(id)}-${version}`
  const plain = suffix !== '' && stem.endsWith(suffix) ? stem.slice(0, -suffix.length) : stem
  return `containers/${segment(id)}/${sha256.slice(0, 12)}/${segment(plain)}${suffix}${endings[compression]}`
}

/** Without its tag, as in `container-hello:v1`. */
const nameOf = (id: string): string => id.replace(/:[^:/]*$/, '') || id

/** Returns what follows the colon of an id: its version, where no other is given. */
export const tagOf = (id: string): string | undefined => /:([^:/]+)$/.exec(id)?.[1]

/** Returns the id without its tag: `tripleo/nova-api` of `tripleo/nova-api:bbb`. */
export function repositoryOf(id: string): string {
  const tag = tagOf(id)
  return tag === undefined ? id : id.slice(0, -tag.length - 1)
}

/** Returns what holds of the ids of a repository that have a tag after `last`: `;` is the character after `:`. */
export const idsOfRepository = (repository: string, last = ''): Condition[] => [
  { field: 'id', after: `${repository}:${last}` },
  { field: 'id', before: `${repository};` }
]

const flat = (text: string) => text.replace(/[:/\\]/g, '-')

/** Every store accepts 255 bytes; the rest is for what is added. */
const maxSegment = 160

function segment(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  let name = flat(text).replace(/[\u0000-\u001f\u007f-\u009f\ufffe\uffff]|^\.+/g, '-')
  while (utf8Length(name) > maxSegment) name = [...name].slice(0, -1).join('')
  return name
}

/** Returns the address of a key. */
export const storageUrl = (publicUrl: string, key: string): string =>
  `${publicUrl.replace(/\/+$/, '')}/storage/${key.split('/').map(encodeURIComponent).join('/')}`

/** Returns the key that an address of ours names, by http or dav: such a tarball is read straight from the store. */
export function keyOfUrl(url: string, addresses: readonly string[]): string | undefined {
  const rest = withoutScheme(url)
  if (rest === undefined || /[?#]/.test(rest)) return undefined
  for (const address of addresses) {
    const base = `${withoutScheme(address)?.replace(/\/+$/, '')}/storage/`
    if (rest.slice(0, base.length).toLowerCase() !== base.toLowerCase()) continue
    try {
      return decodeURIComponent(rest.slice(base.length)) || undefined
    } catch {
      return undefined
    }
  }
  return undefined
}

const withoutScheme = (url: string): string | undefined => /^(?:https?|davs?):\/\/(.+)$/is.exec(url)?.[1]

/** Returns whether tarballKey made a key. No client chooses such a path, so the tarball is ours to remove. */
export const isUploadKey = (key: string): boolean => /^containers\/[^/]+\/[0-9a-f]{12}\/[^/]+\.tar(?:\.gz|\.zst)?$/.test(key)

/** Returns the start of the SHA-256 in such a key. */
export const digestInKey = (key: string): string | undefined => (isUploadKey(key) ? key.split('/')[2] : undefined)

const storagePath = '/storage/'
const uploadPath = '/containers/'

/**
 * Returns every key that a document names by a URL, under any address: an address of ours may have changed, workers may read the bucket
 * itself, and a tarball that is still named must not be removed. So it finds too much rather than too little.
 */
export function keysNamedIn(document: string): Set<string> {
  const keys = new Set<string>()
  if (!document.includes('storage') && !document.includes('containers')) return keys
  for (const text of textsIn(JSON.parse(document))) {
    const [path] = text.split(/[?#]/, 1)
    for (let at = path!.indexOf(storagePath); at !== -1; at = path!.indexOf(storagePath, at + 1)) {
      const key = percentDecoded(path!.slice(at + storagePath.length))
      if (key !== '') keys.add(key)
    }
    for (let at = path!.indexOf(uploadPath); at !== -1; at = path!.indexOf(uploadPath, at + 1)) {
      // S3's own URLs (s3://…) are not encoded
      for (const key of [path!.slice(at + 1), percentDecoded(path!.slice(at + 1))]) if (isUploadKey(key)) keys.add(key)
    }
  }
  return keys
}

/** Yields every string in a JSON value, also in JSON within a string, as `urls` is. Not by recursion, as values may be nested deeply. */
function* textsIn(value: unknown): Generator<string> {
  const left = [value]
  while (left.length > 0) {
    const next = left.pop()
    const inner = typeof next === 'string' && /^\s*[{[]/.test(next) ? (parsedJson(next) ?? next) : next
    if (typeof inner === 'string') yield inner
    else if (typeof inner === 'object' && inner !== null) left.push(...Object.values(inner))
  }
}
