import { editDistance } from '../nearest.ts'
import { compareVersions, naturalOrder } from './version-order.ts'

/** How the tag of each image of a list is found. */
export type TagRule =
  | { tag: string }
  | { newest: 'registration' | 'created' | 'version' }
  /** By the value of a label that each tag's image has. */
  | { newest: 'label'; named: string }
  /** A label's name, or a format such as `{version}-{release}`. */
  | { label: string }

/** A tag of a repository. */
export interface KnownTag {
  tag: string
  /** What the newest is chosen by, unless by version: a time in ISO 8601, or the value of a label. Null where nobody knows. */
  rank: string | null
  /** When its image was made, as the image says, where tags were registered at the same time; absent where nobody asked or knows. */
  created?: string | undefined
}

export interface Repository {
  tags: readonly KnownTag[]
  /** Of the image that the list names, or of `latest`; undefined where it is not there or was not read. */
  labels?: Readonly<Record<string, string>> | undefined
  /** The tag that the list names, which counts where its image lacks the label, as it does for TripleO. */
  named?: string | undefined
}

/** The tag, and which rule chose it; or why there is none. */
export type FoundTag = { tag: string; chosenBy: string } | { reason: string }

/** Chooses the tag of an image. */
export function chooseTag(rule: TagRule, { tags, labels, named }: Repository): FoundTag {
  if (tags.length === 0) return { reason: 'there is no such repository' }
  if ('tag' in rule) return present(rule.tag, tags, `tag ${rule.tag}`)
  if ('newest' in rule) return newest(rule, tags)
  if (labels === undefined) return { reason: unlabelled(named ?? 'latest', tags) }
  const wanted = labelled(rule.label, labels)
  if ('value' in wanted) return present(wanted.value, tags, `label ${rule.label}`)
  if (!wanted.isAbsent || named === undefined) return { reason: wanted.reason }
  return present(named, tags, `tag ${named} of the list, as ${wanted.reason}`)
}

const mostNearest = 5

function present(tag: string, tags: readonly KnownTag[], chosenBy: string): FoundTag {
  if (tags.some((known) => known.tag === tag)) return { tag, chosenBy }
  const near = tags.map((known) => ({ tag: known.tag, edits: editDistance(tag.slice(0, 100), known.tag.slice(0, 100)) }))
  const nearest = near.sort((a, b) => a.edits - b.edits || order(a.tag, b.tag)).slice(0, mostNearest)
  return { reason: `it has no tag ${tag}; the nearest: ${nearest.map((known) => known.tag).join(', ')}` }
}

type NewestRule = Extract<TagRule, { newest: unknown }>

function newest(rule: NewestRule, tags: readonly KnownTag[]): FoundTag {
  const { newest: by } = rule
  const eligible = by === 'created' || by === 'label' ? tags.filter(({ rank }) => rank !== null) : tags
  if (eligible.length === 0) {
    return { reason: by === 'label' ? `no image of it has a label ${rule.named}` : 'no image of it says when it was created' }
  }
  const compare = comparisons[by]
  const [first] = [...eligible].sort((a, b) => compare(b, a) || order(b.tag, a.tag))
  return { tag: first!.tag, chosenBy: by === 'label' ? `newest by label ${rule.named}` : reasons[by] }
}

const byRank = (a: KnownTag, b: KnownTag) => order(a.rank ?? '', b.rank ?? '')
const comparisons: Record<NewestRule['newest'], (a: KnownTag, b: KnownTag) => number> = {
  registration: (a, b) => byRank(a, b) || order(instant(a.created), instant(b.created)),
  created: byRank,
  label: (a, b) => naturalOrder(a.rank ?? '', b.rank ?? ''),
  version: (a, b) => compareVersions(a.tag, b.tag)
}
const reasons = { registration: 'newest registration', created: 'newest image', version: 'newest version' }

/** Returns the tags that were registered last at the same time, among which the creation of their images decides; none where one alone was last. */
export function registeredLast(tags: readonly KnownTag[]): KnownTag[] {
  const last = tags.reduce((found, { rank }) => (order(rank ?? '', found) > 0 ? (rank ?? '') : found), '')
  const tied = tags.filter(({ rank }) => (rank ?? '') === last)
  return tied.length > 1 ? tied : []
}

/** Images give times with any offset, and up to nanoseconds. */
const instant = (time: string | undefined): number => Date.parse(time ?? '') || 0

const order = <Value extends string | number>(a: Value, b: Value): number => (a < b ? -1 : a > b ? 1 : 0)

const unlabelled = (named: string, tags: readonly KnownTag[]): string =>
  tags.some(({ tag }) => tag === named)
    ? 'the labels of its image are not known, as nobody read it'
    : `it has no tag ${named}, whose label would name the tag`

/** `isAbsent` where the image lacks a label; else the label is empty. */
type Labelled = { value: string } | { reason: string; isAbsent: boolean }

/** Fills a format with labels; without braces it is the name of a label. */
function labelled(format: string, labels: Readonly<Record<string, string>>): Labelled {
  const names = new Set<string>()
  const value = (format.includes('{') ? format : `{${format}}`).replace(/\{([^{}]+)\}/g, (_, name: string) => {
    names.add(name)
    return Object.hasOwn(labels, name) ? labels[name]! : ''
  })
  const absent = [...names].filter((name) => !Object.hasOwn(labels, name))
  if (absent.length > 0) return { reason: `its image has no label ${absent.join(' and no ')}`, isAbsent: true }
  const empty = [...names].filter((name) => labels[name] === '')
  return empty.length === 0 ? { value } : { reason: `its image has an empty label ${empty.join(' and ')}`, isAbsent: false }
}
