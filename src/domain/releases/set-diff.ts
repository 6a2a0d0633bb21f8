import { repositoryOf } from '../image/storage.ts'
import type { SetMember } from './channel.ts'

export interface SetDifference {
  repository: string
  /** Null where the set lacks the repository. */
  before: SetMember | null
  after: SetMember | null
}

/** Returns the repositories in which two sets differ, sorted. */
export function setDiff(before: readonly SetMember[], after: readonly SetMember[]): SetDifference[] {
  const [former, present] = [before, after].map((set) => new Map(set.map((member) => [repositoryOf(member.id), member])))
  return [...new Set([...former!.keys(), ...present!.keys()])]
    .sort()
    .map((repository) => ({ repository, before: former!.get(repository) ?? null, after: present!.get(repository) ?? null }))
    .filter((difference) => !same(difference))
}

const same = ({ before, after }: SetDifference): boolean =>
  before !== null && after !== null && before.digest === after.digest && meaning(before) === meaning(after)

const meaning = ({ images }: SetMember): string =>
  Object.entries(images)
    .map(([architecture, { url, digest }]) => `${architecture} ${url} ${digest}`)
    .sort()
    .join('\n')
