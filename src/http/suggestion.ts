import { nearest } from '../domain/nearest.ts'

/**
 * The pattern of a route that an unknown path probably means: one with a misspelt segment (`/api/v1/container/{id}`), else the shortest one with
 * the same last segment (`/api/v1/containers/{id}/plan` means `/api/v1/plan`).
 */
export function suggestedRoute(path: string, patterns: readonly string[]): string | undefined {
  const segments = segmentsOf(path)
  const last = segments.at(-1)!
  const similar = patterns.filter((pattern) => isSimilar(segments, segmentsOf(pattern)))
  const [same] = patterns.filter((pattern) => segmentsOf(pattern).at(-1) === last).sort((a, b) => a.length - b.length)
  return similar[0] ?? same
}

const segmentsOf = (path: string): string[] => path.replace(/\/+$/, '').split('/')

const isSimilar = (segments: readonly string[], pattern: readonly string[]): boolean =>
  segments.length === pattern.length &&
  pattern.every((part, i) => (part.startsWith(':') ? segments[i] !== '' : part === segments[i] || nearest(segments[i]!, [part]) === part))

/** `/containers/:id` as people write it. */
export const shownPattern = (pattern: string): string => pattern.replace(/:(\w+)/g, '{$1}')
