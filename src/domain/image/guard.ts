import { type Architecture, parseArchitecture } from '../architecture.ts'

/**
 * Returns the address that is written where an unmodified worker would otherwise take another architecture's image: it answers 404 and
 * says which images there are. The worker saves to the last segment, so nothing may follow it.
 */
export function guardUrl(publicUrl: string, id: string, architecture: Architecture): string {
  return `${publicUrl.replace(/\/+$/, '')}/unavailable/${encodeURIComponent(id)}/${encodeURIComponent(architecture)}`
}

const guardPath = /^https?:\/\/.*\/unavailable\/[^/?#]+\/([^/?#]+)$/

/** Returns whether a URL is a guard, for any public address and any container: records are copied to new ids. */
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
