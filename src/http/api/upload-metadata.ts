import type { UploadClaim } from '../../catalogue/images/upload-notes.ts'
import { parseArchitecture } from '../../domain/architecture.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { checkId, utf8Length } from '../../domain/limits.ts'
import { nearest } from '../../domain/nearest.ts'

const names = ['id', 'architecture', 'version', 'filename', 'sha256'] as const
type Name = (typeof names)[number]
/** What tus-js-client, Uppy and others send with every file. */
const others: ReadonlySet<string> = new Set(['name', 'type', 'filetype', 'relativePath', 'contentType', 'mimeType', 'size', 'lastModified'])

const maxFilename = 255
/** The longest pair that has no effect, in characters. */
const maxOther = 1024

/**
 * Upload-Metadata: pairs between commas, each a name and, unless it is empty, a value in base64. Names that are not ours have no effect
 * and are sent back, as tus demands; one that is close to ours is refused: a misspelt sha256 would silently drop the check. Throws parameter_missing, parameter_invalid, id_invalid, architecture_invalid.
 */
export function parseMetadata(header: string): UploadClaim {
  const { given, also } = pairsOf(header)
  const id = given.get('id')
  if (id === undefined)
    throw new CatalogueError('parameter_missing', `Upload-Metadata must name the container as id; it has: ${listed(given)}`)
  const architecture = given.get('architecture')
  const filename = given.get('filename')
  if (filename !== undefined && utf8Length(filename) > maxFilename) {
    refuse('filename', `has ${utf8Length(filename)} bytes; at most ${maxFilename} are allowed`)
  }
  return {
    id: checkId(id),
    architecture: architecture === undefined ? undefined : parseArchitecture(architecture),
    version: given.get('version'),
    filename,
    sha256: sha256In(given.get('sha256')),
    also: also.size === 0 ? undefined : [...also.values()].join(',')
  }
}

function sha256In(digest: string | undefined): string | undefined {
  if (digest === undefined) return undefined
  const [, digits] = /^(?:sha256:)?([0-9a-f]{64})$/i.exec(digest) ?? []
  return digits?.toLowerCase() ?? refuse('sha256', `is ${JSON.stringify(digest.slice(0, 100))}; expected 64 hexadecimal digits`)
}

const listed = (given: ReadonlyMap<Name, string>) => [...given.keys()].join(', ') || 'nothing'

function pairsOf(header: string): { given: Map<Name, string>; also: Map<string, string> } {
  const given = new Map<Name, string>()
  const also = new Map<string, string>()
  for (const pair of header.split(',').map((text) => text.trim())) {
    if (pair === '') continue
    const [name = '', value = '', ...more] = pair.split(' ')
    refuseMisspelt(name)
    if (given.has(name as Name) || also.has(name)) refuse(name, 'is given more than once; give it once')
    if (more.length > 0) refuse(name, 'has more than one value')
    if (isKnown(name)) {
      if (value !== '') given.set(name, decoded(name, value))
      else if (name === 'id') refuse(name, 'has no value')
    } else also.set(name, otherPair(pair, { name, value }))
  }
  return { given, also }
}

function refuseMisspelt(name: string): void {
  if (isKnown(name) || others.has(name)) return
  const meant = nearest(name, names)
  if (meant !== undefined) refuse(name, `is not known here; did you mean ${meant}?`)
}

const isKnown = (name: string): name is Name => (names as readonly string[]).includes(name)

function decoded(name: string, value: string): string {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(value) || value.length % 4 !== 0) refuse(name, 'is not in base64')
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(value, 'base64'))
  } catch {
    return refuse(name, 'is not UTF-8')
  }
}

function otherPair(pair: string, { name, value }: { name: string; value: string }): string {
  if (value !== '') decoded(name, value)
  return pair.length <= maxOther ? pair : refuse(name, `has ${pair.length} characters; at most ${maxOther} are allowed`)
}

function refuse(name: string, message: string): never {
  const errors = [{ path: name.slice(0, 100), message }]
  throw new CatalogueError('parameter_invalid', `Upload-Metadata: ${errors[0]!.path} ${message}`, { details: { errors } })
}

/** The header, as HEAD sends it back. */
export function toMetadata(claim: UploadClaim): string {
  const pairs = names.flatMap((name) => (claim[name] === undefined ? [] : [`${name} ${Buffer.from(claim[name]).toString('base64')}`]))
  return [...pairs, ...(claim.also ? [claim.also] : [])].join(',')
}
