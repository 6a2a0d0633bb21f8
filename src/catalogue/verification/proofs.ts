import { asArchitecture, claimedArchitecture, type Facts, type ImageKey } from '../../domain/image/facts.ts'
import { chosenImages } from '../../images/choice.ts'
import type { ImageFacts, ImageReport } from '../../images/image-report.ts'

export interface TarballProof {
  container: string
  imageKey: ImageKey
  url: string
  /** The record's. */
  digest: string
  given: string | null
  key: string | null
  etag?: string | null
  modified?: string | null
  report: ImageReport
  by: string
  checked: string
}

/** What an inspection says about one image of a container. */
export function toFacts({ report, etag = null, modified = null, ...rest }: TarballProof): Facts {
  const image = imageOf(report, rest)
  return {
    ...rest,
    etag,
    modified,
    verdict: report.verdict,
    summary: report.summary,
    architecture: asArchitecture(report.architecture),
    size: report.tarball.size,
    sha256: report.tarball.sha256,
    config: image?.config?.digest ?? null,
    manifest: image?.manifest?.digest ?? null,
    status: 'present',
    report: { ...report }
  }
}

/** The image of an archive that is registered; undefined where the archive does not tell which of several that is. */
function imageOf({ images }: ImageReport, { imageKey, container }: Pick<TarballProof, 'imageKey' | 'container'>): ImageFacts | undefined {
  const meant = images.length === 1 ? images : chosenImages(images, { architecture: claimedArchitecture(imageKey), container })
  return meant.length === 1 ? meant[0] : undefined
}

/** The digest that a record gets of an upload: of the image that is registered, else of the tarball. */
export function recordDigestOf(report: ImageReport, image: Pick<TarballProof, 'imageKey' | 'container'>): string {
  const { config, manifest } = imageOf(report, image) ?? {}
  const [inside] = digestsOf({ ...report, tarball: { ...report.tarball, sha256: null } })
  return config?.digest ?? manifest?.digest ?? inside ?? `sha256:${report.tarball.sha256}`
}

/** What a client may mean by the digest of an image: of the tarball, of its configuration, or of a manifest. */
export function digestsOf({ tarball, images, indexes }: ImageReport): string[] {
  const inside = images.flatMap(({ config, manifest }) => [config?.digest, manifest?.digest])
  return [tarball.sha256 && `sha256:${tarball.sha256}`, ...inside, ...indexes].filter((digest) => typeof digest === 'string')
}
