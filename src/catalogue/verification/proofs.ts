import { asArchitecture, claimedArchitecture, type Facts, type ImageKey } from '../../domain/image/facts.ts'
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

/** Returns what an inspection says about one image of a container. */
export function toFacts({ report, etag = null, modified = null, ...rest }: TarballProof): Facts {
  const image = factsFor(report, rest.imageKey)
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

/** Returns the image that is meant of an archive with several. */
const factsFor = ({ images }: ImageReport, imageKey: ImageKey): ImageFacts | undefined =>
  images.length === 1 ? images[0] : images.find(({ claimed }) => claimed === claimedArchitecture(imageKey))

/** Returns what a client may mean by the digest of an image: that of the tarball, of a configuration, or of a manifest. */
export function digestsOf({ tarball, images, indexes }: ImageReport): string[] {
  const inside = images.flatMap(({ config, manifest }) => [config?.digest, manifest?.digest])
  return [tarball.sha256 && `sha256:${tarball.sha256}`, ...inside, ...indexes].filter((digest) => typeof digest === 'string')
}
