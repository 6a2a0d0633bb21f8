export type ErrorCode =
  | 'parameter_missing'
  | 'parameter_invalid'
  | 'id_invalid'
  | 'architecture_invalid'
  | 'urls_invalid'
  | 'json_invalid'
  | 'cursor_invalid'
  | 'document_refused'
  | 'unauthenticated'
  | 'forbidden'
  | 'key_invalid'
  | 'range_invalid'
  | 'digest_mismatch'
  | 'size_mismatch'
  | 'container_unknown'
  | 'spec_unknown'
  | 'revision_unknown'
  | 'image_missing'
  | 'image_mislabelled'
  | 'image_gone'
  | 'image_unproven'
  | 'container_unproven'
  | 'container_named'
  | 'channel_unknown'
  | 'promotion_unknown'
  | 'containerfile_unknown'
  | 'promotion_refused'
  | 'release_unknown'
  | 'image_refused'
  | 'restore_refused'
  | 'blob_unknown'
  | 'upload_unknown'
  | 'job_unknown'
  | 'upload_expired'
  | 'upload_overtaken'
  | 'already_exists'
  | 'version_immutable'
  | 'revision_conflict'
  | 'blob_conflict'
  | 'precondition_failed'
  | 'upload_conflict'
  | 'too_large'
  | 'too_slow'
  | 'database_newer'
  | 'store_unavailable'
  | 'waiters_exceeded'
  | 'streams_exhausted'
  | 'bodies_exceeded'
  | 'connections_exceeded'
  | 'uploads_exceeded'
  | 'share_exceeded'
  | 'store_full'
  | 'coding_unsupported'
  | 'blob_damaged'
  | 'record_damaged'
  | 'source_forbidden'
  | 'source_gone'
  | 'source_unavailable'
  | 'source_unsupported'
  | 'name_invalid'
  | 'name_unknown'
  | 'digest_invalid'
  | 'manifest_unknown'
  | 'manifest_invalid'
  | 'manifest_blob_unknown'
  | 'content_in_use'

/** What else a program may want to know. */
export interface ErrorDetails {
  /** What is wrong with which field of a request. */
  errors?: readonly { path: string; message: string }[]
  /** The architectures that the container has. */
  available?: readonly string[]
}

/** The one error class: a refusal with a code that a program can test and a message that a person can act on. */
export class CatalogueError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, { details = {}, ...options }: { cause?: unknown; details?: ErrorDetails } = {}) {
    super(message, options)
    this.name = 'CatalogueError'
    this.code = code
    this.details = details
  }
}

export const isCatalogueError = (error: unknown, ...codes: ErrorCode[]): error is CatalogueError =>
  error instanceof CatalogueError && (codes.length === 0 || codes.includes(error.code))
