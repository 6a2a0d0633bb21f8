import type { FastifyRequest } from 'fastify'
import { CatalogueError } from '../../domain/errors.ts'

export const root = '/storage'

/** What a request names: a key of the blob store, '' for the root. */
export interface Named {
  key: string
  /** Whether it ended with a slash, as the names of folders may. */
  slash: boolean
}

export function namedBy(request: FastifyRequest): Named {
  const { '*': rest = '' } = request.params as { '*'?: string }
  return rest.endsWith('/') ? { key: rest.slice(0, -1), slash: true } : { key: rest, slash: rest === '' }
}

/** The key of a file. Throws key_invalid for what can only be a folder. */
export function fileNamedBy(request: FastifyRequest): string {
  const { key, slash } = namedBy(request)
  if (!slash) return key
  throw new CatalogueError(
    'blob_conflict',
    `${key || 'the root'} is named as a folder, with a slash at the end; expected the name of a file`
  )
}

export const parentOf = (key: string): string => key.slice(0, Math.max(0, key.lastIndexOf('/')))

/** As it stands in a URL. A colon is encoded too, so that `hello:v1.tar` is no scheme where it stands alone. */
export const encodePath = (key: string): string => key.split('/').map(encodeURIComponent).join('/')
