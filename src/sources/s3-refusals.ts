import { type CatalogueError, isCatalogueError } from '../domain/errors.ts'
import { failureReason, sourceError } from './refusals.ts'

interface S3Error {
  name?: string
  $metadata?: { httpStatusCode?: number }
}

/** Returns the error for a failure of S3 or its client, without S3's own message, which may contain anything. */
export function s3Refusal(what: string, error: unknown): CatalogueError {
  if (isCatalogueError(error)) return error
  const { name = '', $metadata } = Object(error) as S3Error
  const status = $metadata?.httpStatusCode
  const unavailable = (words: string) => sourceError('source_unavailable', `${what} ${words}`, error)

  if (/^NoSuch(Key|Bucket|Version)$/.test(name) || status === 404)
    return sourceError('source_gone', `${what} does not exist (${name})`, error)
  if (/Credentials/.test(name)) {
    return unavailable('needs keys, and none were found; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role give them')
  }
  if (status === 401 || status === 403) {
    if (name === 'InvalidObjectState') return unavailable('is archived; it must be restored before it can be read')
    return unavailable(`may not be read with our keys (${name}), or it does not exist and they may not list the bucket`)
  }
  if (status === 301 || name === 'AuthorizationHeaderMalformed') return unavailable('is in another region; set AWS_REGION to that region')
  if (/Region is missing/.test(String((error as Error)?.message))) return unavailable('needs a region; AWS_REGION gives it')
  if (status !== undefined) return unavailable(`was refused by its server (${status} ${name})`)
  return unavailable(`could not be reached (${failureReason(error)})`)
}
