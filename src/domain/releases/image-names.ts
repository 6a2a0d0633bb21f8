import { globMatches } from '../glob.ts'
import { repositoryOf } from '../image/storage.ts'

/** Which repositories a list of images names. */
export interface ImageNamesFilter {
  /** Only those that have it. */
  tag?: string | undefined
  /** A pattern with * and ? for the repository, or for what follows its last slash. */
  name?: string | undefined
}

/** Returns what follows the last slash. */
export const shortName = (repository: string): string => repository.slice(repository.lastIndexOf('/') + 1)

export function isNamed(id: string, { tag, name }: ImageNamesFilter): boolean {
  if (tag !== undefined && !id.endsWith(`:${tag}`)) return false
  if (name === undefined) return true
  const repository = repositoryOf(id)
  return globMatches(name, repository) || globMatches(name, shortName(repository))
}
