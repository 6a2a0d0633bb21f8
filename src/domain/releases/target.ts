import { repositoryOf } from '../image/storage.ts'
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
