import { CatalogueError } from '../errors.ts'
import type { Hash } from '../image/facts.ts'
import { type FieldPlace, readText } from '../json/reading.ts'
import { maskSecrets } from '../secrets.ts'
import type { JobWord } from './job-report.ts'
import { type BuildSource, maxInputs, ordered } from './sources.ts'

/** In characters. */
const maxContainerfile = 65_536
const input = 'containerfile'

/** The document that keeps the text of a Containerfile, by its digest. */
export const containerfileKey = (digest: string): string => `containerfile:${digest}`

/** Returns the digest in such a key; undefined for a document of another kind. */
export const digestOfContainerfile = (id: string): string | undefined => /^containerfile:(sha256:[0-9a-f]{64})$/.exec(id)?.[1]

export interface StoredContainerfile {
  text: string
  /** When a report brought it last, to the hour; ISO 8601. */
  touched: string
}

/** Returns the stored form. */
export const toContainerfileDocument = ({ digest, text, touched }: StoredContainerfile & { digest: string }): string =>
  JSON.stringify({ id: containerfileKey(digest), kind: input, text, touched })

/** One that was stored before times were noted is as old as can be. */
export function fromContainerfileDocument(document: string): StoredContainerfile {
  const { text, touched = new Date(0).toISOString() } = JSON.parse(document) as { text: string; touched?: string }
  return { text, touched }
}

/** Returns the digest of the Containerfile that an image was built from; undefined where its build named none. */
export const containerfileOf = (source: BuildSource): string | undefined => source.get(input)

/** Reads the text of a Containerfile strictly. One with a password is refused: everyone who may read the catalogue may read it. */
export function readContainerfile(value: unknown, { path, problems }: FieldPlace): string | null {
  const text = readText(value, { path, max: maxContainerfile, problems })
  if (text === null || maskSecrets(text) === text) return text
  const message = 'holds what looks like a password or a token; give it to the build as a secret, or leave the Containerfile out'
  problems.push({ path, message })
  return null
}

/** Adds the digest of the Containerfile that a build brings to the source of its report. Throws parameter_invalid where the source names another. */
export function withContainerfile(word: JobWord, { text, hash }: { text: string; hash: Hash }): { word: JobWord; digest: string } {
  const digest = `sha256:${hash(text)}`
  const source: BuildSource = word.source ?? new Map()
  const named = source.get(input)
  if (named !== undefined && named !== digest) {
    const message = `source.containerfile is ${JSON.stringify(named)}, but the containerfile that was sent has the digest ${digest}; send that, or leave it out`
    throw new CatalogueError('parameter_invalid', message)
  }
  if (named === undefined && source.size >= maxInputs) {
    const message = `source names ${source.size} inputs, and the containerfile is one more; at most ${maxInputs} are kept`
    throw new CatalogueError('parameter_invalid', message)
  }
  return { word: { ...word, source: ordered(new Map([...source, [input, digest]])) }, digest }
}
