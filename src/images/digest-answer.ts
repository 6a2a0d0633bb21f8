import type { DigestAnswer, ImageReport } from './image-report.ts'

type Match = DigestAnswer['matches'][number]

/**
 * Finds what in an archive has the given digest. "The digest" of an image may be that of its configuration (`docker images`), of its
 * manifest (registries), of an index, or of the file. `name@sha256:…` and bare hexadecimal digits are accepted too.
 */
export function answerDigest(given: string, report: Pick<ImageReport, 'tarball' | 'images' | 'indexes' | 'absent'>): DigestAnswer {
  const { tarball, images, indexes, absent } = report
  const hex = /(?:^|@|sha256:)([0-9a-f]{64})$/i.exec(given.trim())?.[1]?.toLowerCase()
  const matches: Match[] = []
  const wanted = `sha256:${hex}`
  const note = (digest: string | null | undefined, match: Match) => {
    if (hex !== undefined && digest === wanted) matches.push(match)
  }
  note(`sha256:${tarball.sha256}`, { what: 'tarball', image: null, architecture: null })
  for (const index of indexes) note(index, { what: 'index', image: null, architecture: null })
  for (const { digest, platform } of absent) note(digest, { what: 'absent', image: null, architecture: platform })
  for (const [image, { manifest, config, layers, architecture }] of images.entries()) {
    note(manifest?.digest, { what: manifest?.derived ? 'derived-manifest' : 'manifest', image, architecture })
    note(config?.digest, { what: 'config', image, architecture })
    for (const layer of layers) {
      note(layer.digest, { what: 'layer', image, architecture })
      if (layer.diffId !== layer.digest) note(layer.diffId, { what: 'diff-id', image, architecture })
    }
  }
  return { given: given.slice(0, 1024), matches: matches.slice(0, 100) }
}
