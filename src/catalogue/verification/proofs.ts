import { claimedArchitecture, type Facts, type ImageKey } from '../../domain/image/facts.ts'
import { asArchitectureName } from '../../domain/json/reading.ts'
import { chosenImages } from '../../images/choice.ts'
import type { ImageFacts, ImageReport } from '../../images/image-report.ts'

interface TarballProof {
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
  origin?: string
}

/** Returns what an inspection says about one image of a container. */
export function toFacts({ report, etag = null, modified = null, ...rest }: TarballProof): Facts {
  const image = registeredImage(report, rest)
  return {
    ...rest,
    etag,
    modified,
    verdict: report.verdict,
    summary: report.summary,
    architecture: asArchitectureName(report.architecture),
    size: report.tarball.size,
    sha256: report.tarball.sha256,
    config: image?.config?.digest ?? null,
    manifest: image?.manifest?.digest ?? null,
    status: 'present',
    report: { ...report }
  }
}

type Registered = Pick<TarballProof, 'imageKey' | 'container'>

/** Returns the image of an archive that is registered; undefined if the archive does not tell which one of several that is. */
function registeredImage({ images }: ImageReport, { imageKey, container }: Registered): ImageFacts | undefined {
  const meant = images.length === 1 ? images : chosenImages(images, { architecture: claimedArchitecture(imageKey), container })
  return meant.length === 1 ? meant[0] : undefined
}

/** Returns the digest that a record gets from an upload: that of the registered image, or else of the tarball. */
export function recordDigestOf(report: ImageReport, registered: Registered): string {
  const { config, manifest } = registeredImage(report, registered) ?? {}
  const [inside] = digestsOf({ ...report, tarball: { ...report.tarball, sha256: null } })
  return config?.digest ?? manifest?.digest ?? inside ?? `sha256:${report.tarball.sha256}`
}

/** Returns what a client may mean by the digest of an image: that of the tarball, of a configuration, or of a manifest. */
export function digestsOf({ tarball, images, indexes }: ImageReport): string[] {
  const inside = images.flatMap(({ config, manifest }) => [config?.digest, manifest?.digest])
  return [tarball.sha256 && `sha256:${tarball.sha256}`, ...inside, ...indexes].filter((digest) => typeof digest === 'string')
}
