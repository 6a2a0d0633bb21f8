import { editDistance } from '../edit-distance.ts'
import { compareVersions } from './version-order.ts'

/** How the tag of each image of a list is found. */
export type TagRule =
  | { tag: string }
  | { newest: 'registration' | 'version' }
  /** A label's name, or a format such as `{version}-{release}`. */
  | { label: string }

/** A tag of a repository. */
export interface KnownTag {
  tag: string
  /** ISO 8601; null where nobody knows. */
  registered: string | null
  /** When its image was made, as the image says; absent where nobody asked or knows. */
  created?: string | undefined
}

export interface Repository {
  tags: readonly KnownTag[]
  /** Of the image that the list names, or of `latest`; undefined where it is not there or was not read. */
  labels?: Readonly<Record<string, string>> | undefined
}

/** The tag, and which rule chose it; or why there is none. */
export type FoundTag = { tag: string; chosenBy: string } | { reason: string }

/** Chooses the tag of an image. */
export function chooseTag(rule: TagRule, { tags, labels }: Repository): FoundTag {
  if (tags.length === 0) return { reason: 'there is no such repository' }
  if ('tag' in rule) return present(rule.tag, { tags, chosenBy: `tag ${rule.tag}` })
  if ('newest' in rule) return newest(rule.newest, tags)
  if (labels === undefined) return { reason: 'the labels of its image are not known, as nobody read it' }
  const wanted = labelled(rule.label, labels)
  return 'reason' in wanted ? wanted : present(wanted.value, { tags, chosenBy: `label ${rule.label}` })
}

interface Presence {
  tags: readonly KnownTag[]
  chosenBy: string
}

const mostNearest = 5

function present(tag: string, { tags, chosenBy }: Presence): FoundTag {
  if (tags.some((known) => known.tag === tag)) return { tag, chosenBy }
  const near = tags.map((known) => ({ tag: known.tag, edits: editDistance(tag.slice(0, 100), known.tag.slice(0, 100)) }))
  const nearest = near.sort((a, b) => a.edits - b.edits || order(a.tag, b.tag)).slice(0, mostNearest)
  return { reason: `it has no tag ${tag}; the nearest: ${nearest.map((known) => known.tag).join(', ')}` }
}

function newest(by: 'registration' | 'version', tags: readonly KnownTag[]): FoundTag {
  const sorted = [...tags].sort((a, b) =>
    by === 'version'
      ? compareVersions(b.tag, a.tag) || order(b.tag, a.tag)
      : order(b.registered ?? '', a.registered ?? '') || order(instant(b.created), instant(a.created)) || order(b.tag, a.tag)
  )
  return { tag: sorted[0]!.tag, chosenBy: by === 'version' ? 'newest version' : 'newest registration' }
}

/** Returns the tags that were registered last at the same time, among which the creation of their images decides; none where one alone was last. */
export function registeredLast(tags: readonly KnownTag[]): KnownTag[] {
  const last = tags.reduce((found, { registered }) => (order(registered ?? '', found) > 0 ? (registered ?? '') : found), '')
  const tied = tags.filter(({ registered }) => (registered ?? '') === last)
  return tied.length > 1 ? tied : []
}

/** Images give times with any offset, and up to nanoseconds. */
const instant = (time: string | undefined): number => Date.parse(time ?? '') || 0

const order = <Value extends string | number>(a: Value, b: Value): number => (a < b ? -1 : a > b ? 1 : 0)

/** Fills a format with labels; without braces it is the name of a label. */
function labelled(format: string, labels: Readonly<Record<string, string>>): { value: string } | { reason: string } {
  const missing: string[] = []
  const value = (format.includes('{') ? format : `{${format}}`).replace(/\{([^{}]+)\}/g, (_, name: string) => {
    const label = Object.hasOwn(labels, name) ? labels[name]! : ''
    if (label === '') missing.push(name)
    return label
  })
  return missing.length === 0 ? { value } : { reason: `its image has no label ${missing.join(' and no ')}` }
}
