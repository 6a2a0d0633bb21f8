import type { Architecture } from '../architecture.ts'

const guardFolder = '/unavailable/'
const guardUrlBase = (publicUrl: string) => `${publicUrl.replace(/\/+$/, '')}${guardFolder}`

/**
 * Returns the address that is written where an unmodified worker would otherwise take another architecture's image: it answers 404 and
 * says which images there are. The worker saves to the last segment, so nothing may follow it.
 */
export function guardUrl(publicUrl: string, id: string, architecture: Architecture): string {
  return `${guardUrlBase(publicUrl)}${encodeURIComponent(id)}/${encodeURIComponent(architecture)}`
}

/**
 * Returns whether a URL is a guard, under any public address: it names the very container and architecture in whose place it stands. So
 * guards of a former address, or in a copied record, are known, and no other image is taken for one.
 */
export function isGuardUrl(url: string, { id, architecture }: { id: string; architecture: Architecture }): boolean {
  if (!url.includes(guardFolder) || !/^https?:\/\//.test(url)) return false
  return url.endsWith(guardUrl('', id, architecture))
}

/** Returns whether a URL is a guard at our own address, for whatever container: records are copied to new ids. */
export const isOwnGuardUrl = (url: string, publicUrl: string): boolean => {
  const base = guardUrlBase(publicUrl)
  return url.startsWith(base) && /^[^/?#]+\/[^/?#]+$/.test(url.slice(base.length))
}
