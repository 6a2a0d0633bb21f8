import { type Architecture, inTableOrder, parseArchitecture } from './architecture.ts'
import type { Record } from './document.ts'
import { CatalogueError } from './errors.ts'

export interface Resolution {
  /** Null when the record names no architectures: then `url` is a fallback that nobody vouches for. */
  architecture: Architecture | null
  /** As the machine calls itself. */
  requested: string
  url: string
  source: 'urls' | 'url'
  verdict: 'unverified'
}

/**
 * The image that a machine of this architecture can run, and never another one's: the worker would learn of that only an hour later,
 * as "exec format error". Throws architecture_invalid or image_missing.
 */
export function resolveImage(record: Record, requested: string): Resolution {
  const architecture = parseArchitecture(requested)
  const url = record.images.get(architecture)
  if (url !== undefined) return { architecture, requested, url, source: 'urls', verdict: 'unverified' }
  if (record.images.size === 0 && record.url !== undefined) {
    return { architecture: null, requested, url: record.url, source: 'url', verdict: 'unverified' }
  }
  throw new CatalogueError('image_missing', missing(record, architecture, requested))
}

/** The architectures that a record has images for, in the table's order. */
export const architecturesOf = (record: Record): Architecture[] => inTableOrder(record.images.keys())

function missing(record: Record, architecture: Architecture, requested: string): string {
  const asked = requested === architecture ? '' : ` (asked as ${requested})`
  return `${record.id} has no image for ${architecture}${asked}; it has: ${architecturesOf(record).join(', ') || 'none'}`
}
