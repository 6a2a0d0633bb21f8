import { repositoryOf } from '../domain/image/storage.ts'
import type { FoundTag } from '../domain/releases/discovery.ts'
import type { DiscoveryAnswer } from '../schemas.ts'
import { heatEnvironment, leftOutComments, type RenamableList } from './image-list-yaml.ts'

/** What was found for the images of a list, in each form in which it is written. */
export interface DiscoveredList {
  answer: DiscoveryAnswer
  /** Returns the list with the tags that were found, and what was left out as comments. Only once, as it changes the list. */
  yaml(): Promise<string>
  /** Returns a heat environment. `insecure` is the registry that speaks plain http, if it does. */
  heat(insecure: string | undefined): string
}

export interface Findings {
  /** In the order of the list. */
  found: readonly FoundTag[]
  /** Names the repository of an image; as the list does, unless given. */
  repositoryFor?: (imagename: string) => string
}

/** Joins a list with the tags that were found for it. */
export function discoveredList(list: RenamableList, { found, repositoryFor = repositoryOf }: Findings): DiscoveredList {
  const joined = list.entries.map(({ imagename, params }, i) => {
    const one = found[i]!
    if ('reason' in one) return { imagename, reason: one.reason }
    return { imagename: `${repositoryFor(imagename)}:${one.tag}`, params, tag: one.tag, chosen_by: one.chosenBy }
  })
  const images = joined.flatMap((one) => ('reason' in one ? [] : [one]))
  const left_out = joined.flatMap((one) => (one.reason === undefined ? [] : [one]))
  return {
    answer: { images, left_out },
    yaml: async () => (await list.renamed(joined.map((one) => ('reason' in one ? undefined : one.imagename)))) + leftOutComments(left_out),
    heat: (insecure) => heatEnvironment(images, insecure) + leftOutComments(left_out)
  }
}
