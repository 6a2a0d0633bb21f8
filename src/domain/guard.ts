import { type Architecture, parseArchitecture } from './architecture.ts'

/**
 * The address that stands where an unmodified worker would otherwise take another architecture's image: it answers 404 and says what
 * there is. The worker saves to the last segment, so nothing may follow it.
 */
export function guardUrl(publicUrl: string, id: string, architecture: Architecture): string {
  return `${publicUrl.replace(/\/+$/, '')}/unavailable/${encodeURIComponent(id)}/${encodeURIComponent(architecture)}`
}

const guardPath = /^https?:\/\/.*\/unavailable\/([^/?#]+)\/([^/?#]+)$/

/** Whether a URL is a guard of this container, under whatever public address it was made. A guard is never an image. */
export function isGuardUrl(url: string, id: string): boolean {
  const match = guardPath.exec(url)
  if (!match) return false
  try {
    parseArchitecture(decodeURIComponent(match[2]!))
    return decodeURIComponent(match[1]!) === id
  } catch {
    return false
  }
}
