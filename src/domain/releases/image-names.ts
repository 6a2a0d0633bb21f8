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

/** Returns a repository without the host of a registry that it begins with. */
export function withoutRegistry(repository: string): string {
  const [host, ...rest] = repository.split('/')
  return rest.length > 0 && (/[.:]/.test(host!) || host === 'localhost') ? rest.join('/') : repository
}

export function isNamed(id: string, { tag, name }: ImageNamesFilter): boolean {
  if (tag !== undefined && !id.endsWith(`:${tag}`)) return false
  if (name === undefined) return true
  const repository = repositoryOf(id)
  return globMatches(name, repository) || globMatches(name, shortName(repository))
}

/** Which images of a list are of interest, by patterns. */
export interface ImageChoice {
  only?: readonly string[] | undefined
  exclude?: readonly string[] | undefined
}

export function isChosen(imagename: string, { only, exclude }: ImageChoice): boolean {
  const matches = (patterns: readonly string[]) => patterns.some((name) => isNamed(imagename, { name }))
  return (only === undefined || matches(only)) && (exclude === undefined || !matches(exclude))
}
