import { CatalogueError, type ErrorCode } from '../domain/errors.ts'
import { maskSecrets } from '../domain/secrets.ts'

export type SourceCode = Extract<ErrorCode, `source_${string}` | 'too_large'>

/** Returns an error whose message is safe to show to any client. */
export const sourceError = (code: SourceCode, message: string, cause?: unknown): CatalogueError =>
  new CatalogueError(code, maskSecrets(message), cause === undefined ? undefined : { cause })

/** Returns a URL for a message: shortened, and without secrets. */
export function shownAddress(url: string): string {
  const masked = maskSecrets(url)
  return masked.length > 300 ? `${masked.slice(0, 300)}…` : masked
}

/** Returns the code or message of a failed system call or connection. */
export const failureReason = (error: unknown): string => {
  const { code, message } = Object(error) as { code?: unknown; message?: unknown }
  return String(code ?? message ?? error)
}
