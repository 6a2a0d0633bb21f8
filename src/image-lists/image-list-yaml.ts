import { type Document, isMap, isScalar, isSeq, parseDocument, type YAMLMap } from 'yaml'
import { CatalogueError } from '../domain/errors.ts'
import { repositoryOf } from '../domain/image/storage.ts'
import type { FoundTag } from '../domain/releases/discovery.ts'
import { isUnprintable, printable, quotedYaml } from '../domain/releases/yaml-text.ts'
import type { DiscoveryAnswer } from '../schemas.ts'

interface ListEntry {
  imagename: string
  /** Names of Heat parameters. */
  params: string[]
}

export interface RenamableList {
  entries: ListEntry[]
  /** Returns the list with other names of its images, and without those that are undefined. Only once: it may change the file. */
  renamed(imagenames: readonly (string | undefined)[]): string | Promise<string>
}

const members = ['container_images', 'container_images_template']
/** Aliases would let a small file become a large one. */
const options = { maxAliasCount: 0, prettyErrors: true, uniqueKeys: true }

/** Reads the entries of `container_images` or `container_images_template` that are wanted. Throws parameter_invalid with the line. */
export function parseImageList(text: string, isWanted: (imagename: string) => boolean) {
  if (text.includes('{{'))
    refuse('it has keys that are not filled, such as {{tag}}; fill them with image-list/render or leporello render first')
  if (isNestedDeeply(text)) refuse(`it is nested deeper than ${maxDepth} levels; expected a list of mappings`)
  if (isUnprintable(text)) refuse('it has control characters; YAML allows them only as escapes in double quotes, such as "\\x07"')
  const document = parseDocument(text, options)
  const [error] = document.errors
  if (error) refuse(error.message.split('\n', 1)[0]!)
  const member = members.find((name) => isSeq(document.get(name)))
  const list = member === undefined ? undefined : document.get(member)
  if (!isSeq(list)) refuse(`it has no list ${members.join(' or ')}`)
  const all = list.items.map((item, i) => (isMap(item) ? item : refuse(`entry ${i + 1} is not a mapping; expected - imagename: …`)))
  const wanted = all.map((map, i) => ({ map, entry: toEntry(map, i) })).filter(({ entry }) => isWanted(entry.imagename))
  const maps = wanted.map(({ map }) => map)
  return {
    entries: wanted.map(({ entry }) => entry),
    /** Returns the list as it was written, with its comments. */
    renamed(imagenames: readonly (string | undefined)[]): string {
      list.items = maps.filter((map, i) => rename(map, imagenames[i]))
      renameMember(document, member!)
      return printable(document.toString({ lineWidth: 0, indentSeq: false }))
    }
  }
}

export const imageEntries = (text: string): ListEntry[] => parseImageList(text, () => true).entries

/** What a list is to become: a new name for each of its entries, or null for one that is left out. */
export interface Renaming {
  text: string
  imagenames: (string | null)[]
}

/** Returns the list with other names of its images. Takes a `Renaming` as JSON. */
export function renamedImageList(renaming: string): string {
  const { text, imagenames } = JSON.parse(renaming) as Renaming
  return parseImageList(text, () => true).renamed(imagenames.map((name) => name ?? undefined))
}

const maxDepth = 50
const indented = new RegExp(`^ {${2 * maxDepth}}|(?:[-?:][ \\t]+){${maxDepth}}`, 'm')

/**
 * The YAML parser calls itself for each level, and Node ends the process when a pattern has to be compiled where the stack has no room left.
 * Brackets count wherever they stand, as what is a string is not known before it is parsed.
 */
function isNestedDeeply(text: string): boolean {
  if (indented.test(text)) return true
  let depth = 0
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth = bracket === '[' || bracket === '{' ? depth + 1 : Math.max(0, depth - 1)
    if (depth > maxDepth) return true
  }
  return false
}

const heatParameter = /^[A-Za-z0-9_]{1,128}$/

function toEntry(map: YAMLMap, i: number): ListEntry {
  const imagename = map.get('imagename')
  if (typeof imagename !== 'string' || imagename === '') refuse(`entry ${i + 1} has no imagename`)
  const params = map.get('params') ?? null
  if (params === null) return { imagename, params: [] }
  const expected = 'names of Heat parameters: letters, digits and underscores'
  if (!isSeq(params)) refuse(`entry ${i + 1} has params that are no list; expected ${expected}`)
  const names = params.items.map((item) => (isScalar(item) ? item.value : item))
  const isName = (name: unknown): name is string => typeof name === 'string' && heatParameter.test(name)
  return { imagename, params: names.map((name) => (isName(name) ? name : refuse(`entry ${i + 1} has wrong params; expected ${expected}`))) }
}

function rename(map: YAMLMap, imagename: string | undefined): boolean {
  if (imagename === undefined) return false
  const scalar = map.get('imagename', true)
  if (isScalar(scalar)) scalar.value = imagename
  return true
}

/** What is found is no template any more. */
function renameMember(document: Document, member: string): void {
  const { contents } = document
  const pair = isMap(contents) ? contents.items.find(({ key }) => isScalar(key) && key.value === member) : undefined
  if (pair && isScalar(pair.key)) pair.key.value = members[0]
}

function refuse(message: string): never {
  throw new CatalogueError('parameter_invalid', `the image list: ${message}`)
}

/** Writes what TripleO's users pass to `openstack overcloud deploy -e`. */
function heatEnvironment(entries: readonly ListEntry[], insecure: string | undefined): string {
  const lines = new Map(entries.flatMap(({ imagename, params }) => params.map((name) => [name, imagename] as const)))
  const text = [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, imagename]) => `  ${name}: ${quotedYaml(imagename)}\n`)
  const isUsed = insecure !== undefined && entries.some(({ imagename }) => imagename.startsWith(`${insecure}/`))
  const registry = isUsed ? `  DockerInsecureRegistryAddress:\n  - ${quotedYaml(insecure)}\n` : ''
  return `parameter_defaults:${lines.size === 0 ? ' {}' : ''}\n${registry}${text.join('')}`
}

/** Returns what was left out of a list as comments, each on a line. */
const leftOutComments = (leftOut: readonly { imagename: string; reason: string }[]): string =>
  leftOut.map(({ imagename, reason }) => `# left out: ${`${imagename}: ${reason}`.replace(/[\p{Cc}\u2028\u2029]/gu, ' ')}\n`).join('')

export interface Findings {
  /** In the order of the list. */
  found: readonly FoundTag[]
  /** Returns the repository for an image; by default the list's own. */
  repositoryFor?: (imagename: string) => string
}

/** Joins a list with the tags that were found for it, in each form in which it is written. */
export function discoveredList(list: RenamableList, { found, repositoryFor = repositoryOf }: Findings) {
  const joined = list.entries.map(({ imagename, params }, i) => {
    const one = found[i]!
    if ('reason' in one) return { imagename, reason: one.reason }
    return { imagename: `${repositoryFor(imagename)}:${one.tag}`, params, tag: one.tag, chosen_by: one.chosenBy }
  })
  const images = joined.flatMap((one) => ('reason' in one ? [] : [one]))
  const left_out = joined.flatMap((one) => (one.reason === undefined ? [] : [one]))
  return {
    answer: { images, left_out } satisfies DiscoveryAnswer,
    /** Returns the list with the tags that were found, and what was left out as comments. Only once, as it changes the list. */
    yaml: async (): Promise<string> =>
      (await list.renamed(joined.map((one) => ('reason' in one ? undefined : one.imagename)))) + leftOutComments(left_out),
    /** Returns a heat environment. `insecure` is the registry that speaks plain http, if it does. */
    heat: (insecure: string | undefined): string => heatEnvironment(images, insecure) + leftOutComments(left_out)
  }
}
