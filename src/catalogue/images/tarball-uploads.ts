import { checkGrowth, checkStored, type Expected } from '../../blobs/blob-store.ts'
import type { Architecture } from '../../domain/architecture.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { type Facts, supportsClaim } from '../../domain/image/facts.ts'
import { storageUrl, tagOf, tarballKey } from '../../domain/image/storage.ts'
import { asArchitectureName } from '../../domain/json/reading.ts'
import { checkId, checkLength } from '../../domain/limits.ts'
import { chosenImages } from '../../images/choice.ts'
import type { ImageReport } from '../../images/image-report.ts'
import { choiceInWords, reportOnProven } from '../../images/overall-verdict.ts'
import { checkPrecondition, type StoredRecord } from '../records/changes.ts'
import type { ChangeContext, RegisteredImage } from '../records/image-records.ts'
import { inspectedStream } from '../verification/inspected-stream.ts'
import { digestsOf, recordDigestOf, toFacts } from '../verification/proofs.ts'
import type { ImageParts } from './parts.ts'

export interface TarballUpload extends ChangeContext {
  id: string
  source: AsyncIterable<Uint8Array>
  /** Of the tarball, hexadecimal, if the client gave it. */
  sha256: string | undefined
  /** In bytes, if the client gave it. */
  size: number | undefined
  /** Called again after the last byte, because fields of a form may follow the file. */
  said: () => TarballClaim
}

/** What a client claims about a tarball. */
interface TarballClaim {
  /** When undefined, the bytes tell. */
  architecture: Architecture | undefined
  version: string | undefined
  filename: string | undefined
  /** A digest that must be found in the upload: of the tarball, of the configuration, or of a manifest. */
  digest: string | undefined
}

export interface UploadedImage extends RegisteredImage {
  architecture: Architecture
  /** What is known about it now, or would be after a dry run. */
  proof: Facts
}

/** Stores a tarball and inspects it in the same pass, then registers it. A refused upload and a dry run leave nothing behind. */
export async function uploadTarball(parts: ImageParts, upload: TarballUpload): Promise<UploadedImage> {
  const { id, publicUrl, cause, precondition, dryRun = false, said, source, sha256, size } = upload
  checkId(id)
  const before = await parts.changes.find(id)
  // checked again when the record is written; this spares the client gigabytes for nothing
  checkPrecondition(id, { before, precondition })
  let inspected: ImageReport | undefined
  const bytes = inspectedStream(source, async (chunks) => {
    const inspection = await parts.inspect(chunks, { claimed: () => said().architecture, container: id, sha256: dryRun })
    const report = reportOnProven(inspection.report, { container: id })
    checkProven(report, parts)
    inspected = report
  })
  const reportOf = (sha256: string): ImageReport => ({ ...inspected!, tarball: { ...inspected!.tarball, sha256 } })
  const placeOf = (sha256: string) => placeFor(reportOf(sha256), { id, claim: said(), before })
  const expected = { ...(sha256 !== undefined && { sha256 }), ...(size !== undefined && { size }) }
  const stored = dryRun
    ? checkStored({ size: await readAll(bytes, expected), sha256: inspected!.tarball.sha256! }, expected)
    : await parts.blobs.put(({ sha256 }) => placeOf(sha256).key, bytes, { expected })
  const { sha256: found } = stored
  return registerTarball(parts, { id, place: placeOf(found), report: reportOf(found), publicUrl, cause, precondition, dryRun })
}

/** Returns the number of bytes. Throws size_mismatch when there are too many. */
async function readAll(bytes: AsyncIterable<Uint8Array>, expected: Expected): Promise<number> {
  let size = 0
  for await (const chunk of bytes) {
    size += chunk.length
    checkGrowth(size, expected)
  }
  return size
}

/** Where a tarball is stored, and as what it is registered. */
interface UploadPlace {
  key: string
  version: string
  architecture: Architecture
}

interface PlaceRequest {
  id: string
  claim: TarballClaim
  before: StoredRecord | undefined
}

/** Throws parameter_missing, digest_mismatch, image_refused when neither the claim nor the bytes tell. */
export function placeFor(report: ImageReport, { id, claim, before }: PlaceRequest): UploadPlace {
  checkDigest(claim.digest, report)
  const version = versionOf(id, { claimed: claim.version, before })
  const architecture = claim.architecture ?? provenArchitecture(report)
  checkOneImage(report, { architecture, container: id })
  const { compression, sha256 } = report.tarball
  return { version, architecture, key: tarballKey({ id, version, architecture, compression, sha256: sha256!, filename: claim.filename }) }
}

/** Returns the version that the client gave, or the record has, or the id's tag is. Throws parameter_missing. */
export function versionOf(id: string, { claimed, before }: { claimed: string | undefined; before: StoredRecord | undefined }): string {
  const version = checkLength('version', claimed || before?.record.version || tagOf(id) || '')
  if (version !== '') return version
  throw new CatalogueError('parameter_missing', `version must be supplied: ${id} has no tag that tells it`)
}

export interface StoredTarball extends ChangeContext {
  id: string
  /** Where the image was pulled from. */
  origin?: string
  place: UploadPlace
  report: ImageReport
}

/** Facts are written before the record names the image, so that no machine is given a mislabelled one in between. */
export async function registerTarball(
  { publishing, facts, removals, now }: ImageParts,
  { id, place, report, origin, ...change }: StoredTarball
): Promise<UploadedImage> {
  const { key, version, architecture } = place
  const url = storageUrl(change.publicUrl, key)
  const imageKey = await publishing.imageKeyOf(id, architecture)
  const digest = recordDigestOf(report, { imageKey, container: id })
  const proof = { container: id, url, given: null, key, report, by: 'upload', checked: now().toISOString(), ...(origin && { origin }) }
  const beforehand = toFacts({ ...proof, imageKey, digest })
  const register = () => publishing.bringImage({ id, architecture, url, version, digest, ...change })
  const proofOf = ({ record, waiting }: RegisteredImage) =>
    waiting?.get(architecture)?.url === url ? beforehand : toFacts({ ...proof, imageKey: architecture, digest: record.digest ?? '' })
  if (change.dryRun) {
    const registered = await register()
    return { ...registered, architecture, proof: proofOf(registered) }
  }
  const [former] = await facts.read(id, [imageKey])
  await facts.write(beforehand)
  const registered = await register().catch(async (error) => {
    // the image that is registered stays what it was proven to be
    if (former) await facts.learn(former).catch(() => {})
    if (isCatalogueError(error, 'version_immutable')) await removals.releaseTarballs(id, [url])
    throw error
  })
  const proven = proofOf(registered)
  // the record's digest is known only now; and another upload may have written facts of its own meanwhile
  if (proven !== beforehand) await facts.learn(proven)
  return { ...registered, architecture, proof: proven }
}

function provenArchitecture(report: ImageReport): Architecture {
  const proven = asArchitectureName(report.architecture)
  if (proven !== null) return proven
  throw new CatalogueError('image_refused', `the tarball does not tell which machines it is for; name the architecture: ${report.summary}`)
}

/** Throws image_refused when the tarball holds several images for the architecture and does not tell which one is the container's. */
function checkOneImage(report: ImageReport, wanted: { architecture: Architecture; container: string }): void {
  const meant = chosenImages(report.images, wanted)
  if (meant.length < 2) return
  const { architecture, container } = wanted
  const found = `the tarball holds ${meant.length} images for ${architecture}, and not exactly one of them is tagged ${container}`
  const remedy = `save only one of them, or tag it ${container}; nothing was stored`
  throw new CatalogueError('image_refused', `${found}: ${choiceInWords(meant)}; ${remedy}`)
}

/** Throws image_refused for an empty tarball; on a strict site image_mislabelled or image_refused for one that is not proven. */
export function checkProven({ verdict, summary, problems, tarball }: ImageReport, { strict }: ImageParts): void {
  if (problems.some(({ code }) => code === 'empty' || (code === 'manifest_absent' && tarball.members === 0))) {
    throw new CatalogueError('image_refused', `the tarball has ${tarball.size} bytes, and nothing in them: ${summary}; nothing was stored`)
  }
  if (!strict || supportsClaim(verdict)) return
  const code = verdict === 'mislabelled' ? 'image_mislabelled' : 'image_refused'
  throw new CatalogueError(code, `the tarball is ${verdict}, which this site refuses (LEPORELLO_STRICT): ${summary}; nothing was stored`)
}

function checkDigest(given: string | undefined, report: ImageReport): void {
  if (given === undefined) return
  const digests = digestsOf(report)
  if (digests.includes(given.includes(':') ? given.toLowerCase() : `sha256:${given.toLowerCase()}`)) return
  const message = `nothing in the tarball has the digest ${given}; it has: ${digests.slice(0, 8).join(', ')}; nothing was stored`
  throw new CatalogueError('digest_mismatch', message)
}
