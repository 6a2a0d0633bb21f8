import type { FastifyReply, FastifyRequest } from 'fastify'
import { CatalogueError, type ErrorCode, isCatalogueError } from '../../domain/errors.ts'
import { maskSecrets } from '../../domain/secrets.ts'

const statuses: Record<ErrorCode, number> = {
  parameter_missing: 400,
  parameter_invalid: 400,
  id_invalid: 400,
  architecture_invalid: 400,
  urls_invalid: 400,
  json_invalid: 400,
  cursor_invalid: 400,
  document_refused: 400,
  key_invalid: 400,
  digest_mismatch: 400,
  size_mismatch: 400,
  name_invalid: 400,
  digest_invalid: 400,
  manifest_invalid: 400,
  manifest_blob_unknown: 400,
  unauthenticated: 401,
  forbidden: 403,
  source_forbidden: 403,
  container_unknown: 404,
  spec_unknown: 404,
  revision_unknown: 404,
  image_missing: 404,
  image_unproven: 404,
  blob_unknown: 404,
  upload_unknown: 404,
  name_unknown: 404,
  manifest_unknown: 404,
  job_unknown: 404,
  channel_unknown: 404,
  promotion_unknown: 404,
  containerfile_unknown: 404,
  release_unknown: 404,
  too_slow: 408,
  already_exists: 409,
  image_mislabelled: 409,
  // not 410, which caches keep: the image may be back in a moment
  image_gone: 409,
  container_unproven: 409,
  version_immutable: 409,
  container_named: 409,
  promotion_refused: 409,
  revision_conflict: 409,
  blob_conflict: 409,
  content_in_use: 409,
  upload_conflict: 409,
  upload_expired: 410,
  upload_overtaken: 410,
  precondition_failed: 412,
  too_large: 413,
  range_invalid: 416,
  share_exceeded: 429,
  image_refused: 422,
  restore_refused: 422,
  source_gone: 422,
  source_unsupported: 422,
  coding_unsupported: 501,
  blob_damaged: 502,
  // another program wrote it, or an earlier version of ours
  record_damaged: 502,
  database_newer: 503,
  store_unavailable: 503,
  waiters_exceeded: 503,
  streams_exhausted: 503,
  bodies_exceeded: 503,
  connections_exceeded: 503,
  uploads_exceeded: 503,
  source_unavailable: 503,
  store_full: 507
}

/** The status, the headers and the message for any error; secrets in URLs are masked. The message of an unforeseen one is only logged. */
export function explain(error: unknown) {
  const status = statusOf(error)
  const message = status === 500 ? 'Internal Server Error' : maskSecrets(toldOf(error as Error))
  return { status, message, headers: headersOf(error, status) }
}

/** Sets the status and headers of the answer to an error, and keeps a fault of ours for the log. Returns the explanation. */
export function refuseWith(reply: FastifyReply, error: unknown) {
  const explanation = explain(error)
  if (explanation.status >= 500) reply.request.failure = error
  reply.code(explanation.status).headers(explanation.headers)
  return explanation
}

/** What follows a colon are a store's own words, which may name files, hosts and nodes of the site: they are for the log. */
const withoutInternals = (message: string): string => {
  const end = message.indexOf(': ')
  return end === -1 ? message : `${message.slice(0, end)}; the log of this service says more`
}

const toldOf = (error: Error): string => (isCatalogueError(error, 'store_unavailable') ? withoutInternals(error.message) : error.message)

/** Fastify's own errors have a statusCode. */
function statusOf(error: unknown): number {
  if (error instanceof CatalogueError) return statuses[error.code]
  const { statusCode } = Object(error) as { statusCode?: unknown }
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode <= 599 ? statusCode : 500
}

function headersOf(error: unknown, status: number): Record<string, string> {
  // the rest of its body is not read
  if (isCatalogueError(error, 'bodies_exceeded')) return { 'retry-after': '5', connection: 'close' }
  if (status === 401) return { 'www-authenticate': 'Basic realm="leporello"' }
  if (status === 503 || status === 429) return { 'retry-after': '5' }
  // the rest of a body that came too slowly would be read as the next request
  return status === 408 ? { connection: 'close' } : {}
}

/** `PUT is not supported on /api/v1/deleted; GET and HEAD are`. */
export function notSupported({ method, url }: FastifyRequest, allowed: readonly string[]): string {
  const names = allowed.filter((name) => name !== 'OPTIONS')
  const words = names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)} are` : `${names[0] ?? 'only OPTIONS'} is`
  return `${method} is not supported on ${url.split('?', 1)[0]}; ${words}`
}
