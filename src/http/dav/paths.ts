import type { FastifyRequest } from 'fastify'
import { CatalogueError } from '../../domain/errors.ts'

export const root = '/storage'

/** Returns the path of a request as a key of the blob store, '' for the root; and whether it ends with a slash, as names of folders may. */
export function namedBy(request: FastifyRequest): { key: string; slash: boolean } {
  const { '*': rest = '' } = request.params as { '*'?: string }
  return rest.endsWith('/') ? { key: rest.slice(0, -1), slash: true } : { key: rest, slash: rest === '' }
}

/** Returns the key of a file. Throws blob_conflict for a path that can only be a folder. */
export function fileNamedBy(request: FastifyRequest): string {
  const { key, slash } = namedBy(request)
  if (!slash) return key
  throw new CatalogueError('blob_conflict', `${key || 'the root'} is a folder's name, as it ends with a slash; expected the name of a file`)
}

export const parentOf = (key: string): string => key.slice(0, Math.max(0, key.lastIndexOf('/')))

/** A key in a URL. Colons are encoded, so that a relative `hello:v1.tar` is not taken for a scheme. */
export const encodePath = (key: string): string => key.split('/').map(encodeURIComponent).join('/')
