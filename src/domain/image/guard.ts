import { type Architecture, parseArchitecture } from '../architecture.ts'

/**
 * The address that stands where an unmodified worker would otherwise take another architecture's image: it answers 404 and says what
 * there is. The worker saves to the last segment, so nothing may follow it.
 */
export function guardUrl(publicUrl: string, id: string, architecture: Architecture): string {
  return `${publicUrl.replace(/\/+$/, '')}/unavailable/${encodeURIComponent(id)}/${encodeURIComponent(architecture)}`
}

const guardPath = /^https?:\/\/.*\/unavailable\/[^/?#]+\/([^/?#]+)$/

/** Whether a URL is a guard, under whatever public address and for whichever container it was made: records are copied to new ids. */
export function isGuardUrl(url: string): boolean {
  const match = guardPath.exec(url)
  if (!match) return false
  try {
    parseArchitecture(decodeURIComponent(match[1]!))
    return true
  } catch {
    return false
  }
}
