import type { DigestAnswer, ImageReport } from './image-report.ts'

type Match = DigestAnswer['matches'][number]

/**
 * What in an archive has a digest. Clients keep very different ones as "the digest" of an image: its configuration's (`docker images`),
 * its manifest's (a registry), an index's, or the file's. `name@sha256:…` and a bare hex string are understood too.
 */
export function answerDigest(
  given: string,
  { tarball, images, indexes, absent }: Pick<ImageReport, 'tarball' | 'images' | 'indexes' | 'absent'>
): DigestAnswer {
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
