import type { Requirement } from '../build/rules.ts'
import type { ContainerGiven } from '../container/container-edit.ts'
import { repositoryOf } from '../image/storage.ts'
import type { FieldProblem } from '../json/reading.ts'
import { isStorableId } from '../limits.ts'
import { type Candidate, candidateReasons, memberOf } from './candidate.ts'
import type { SetMember } from './channel.ts'
import { shortName } from './image-names.ts'

/** Where a set is promoted to. What is absent stays as it is in the id. */
export interface Target {
  namespace?: string | undefined
  name_prefix?: string | undefined
  tag: string
}

/** Returns the id that a promotion gives an image: `stable/x:1` for `experimental/x:7` and `{namespace: 'stable', tag: '1'}`. */
export function targetId(id: string, { namespace, name_prefix: prefix = '', tag }: Target): string {
  const repository = repositoryOf(id)
  const short = shortName(repository)
  const space = namespace ?? repository.slice(0, -short.length - 1)
  const name = short.startsWith(prefix) ? short : prefix + short
  return `${space === '' ? '' : `${space}/`}${name}:${tag}`
}

export interface PromotionInput {
  candidates: readonly Candidate[]
  require: readonly Requirement[]
  /** Returns what the site's rules require of an image that is given an id, besides. */
  requiredOf?: ((id: string) => readonly Requirement[]) | undefined
  target: Target
  /** What the channel has now. */
  before: readonly SetMember[]
  /** Leave repositories as they are that the new set lacks. */
  keep: boolean
}

/** What a promotion changes; or every reason why it cannot. */
export type PromotionPlan = { set: SetMember[]; written: SetMember[]; removed: string[] } | { reasons: FieldProblem[] }

/** Decides what becomes of a channel. */
export function planPromotion({ candidates, require, requiredOf = () => [], target, before, keep }: PromotionInput): PromotionPlan {
  const reasons: FieldProblem[] = []
  const written = new Map<string, string>()
  for (const [place, candidate] of candidates.entries()) {
    const { id } = candidate
    const wanted = targetId(id, target)
    const other = written.get(wanted)
    if (other === undefined) written.set(wanted, id)
    const found = other === id ? [] : candidateReasons(candidate, [...require, ...requiredOf(wanted)])
    if (other !== undefined) found.push(`${other === id ? `${id} is named twice` : `${other} and ${id} would both be ${wanted}`}; name one`)
    if (!isStorableId(wanted)) found.push(`${id} would be ${wanted.slice(0, 80)}…, which is too long for an id`)
    reasons.push(...found.map((message) => ({ path: `set[${place}]`, message })))
  }
  if (candidates.length === 0) reasons.push({ path: 'set', message: 'the set is empty; expected at least one image' })
  if (reasons.length > 0) return { reasons }
  const set = candidates.map((candidate) => memberOf(candidate, targetId(candidate.id, target)))
  const others = before.filter(({ id }) => !written.has(id))
  const sorted = (keep ? [...set, ...others] : set).sort((a, b) => (repositoryOf(a.id) < repositoryOf(b.id) ? -1 : 1))
  return { set: sorted, written: set, removed: keep ? [] : others.map(({ id }) => id) }
}

/** Returns a container with the images of a member, as a request would give it. */
export function containerOf({ version, digest, named, images }: SetMember): ContainerGiven {
  const urls = Object.entries(images).map(([architecture, { url }]) => [architecture, url] as const)
  return named ? { version, digest, images: Object.fromEntries(urls) } : { version, digest, url: urls[0]![1] }
}
