import { type BlobStore, checkGrowth, checkStored, type Expected, type Stored } from '../../blobs/blob-store.ts'
import type { Architecture } from '../../domain/architecture.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { asArchitecture, type Facts, supportsClaim } from '../../domain/image/facts.ts'
import { storageUrl, tagOf, tarballKey } from '../../domain/image/storage.ts'
import { checkId, checkLength } from '../../domain/limits.ts'
import { chosenImages } from '../../images/choice.ts'
import type { ImageReport } from '../../images/image-report.ts'
import type { Inspect } from '../../images/inspect-image.ts'
import { choiceInWords, reportOnProven } from '../../images/overall-verdict.ts'
import { checkPrecondition } from '../records/changes.ts'
import type { ChangeContext, Records, RegisteredImage, StoredRecord } from '../records/image-records.ts'
import type { FactsStore } from '../verification/image-facts.ts'
import { inspectedStream } from '../verification/inspected-stream.ts'
import { digestsOf, recordDigestOf, toFacts } from '../verification/proofs.ts'

export interface TarballUpload extends ChangeContext {
  id: string
  source: AsyncIterable<Uint8Array>
  /** Of the tarball, hexadecimal, and its length in bytes, as far as they were said. */
  sha256: string | undefined
  size: number | undefined
  /** What was said about it; asked when the last byte was read, because a form may say it behind the file. */
  said: () => Said
}

export interface Said {
  /** Undefined: what the bytes are for. */
  architecture: Architecture | undefined
  version: string | undefined
  filename: string | undefined
  /** A digest that the upload must have somewhere: of the tarball, of the configuration, of a manifest. */
  digest: string | undefined
}

export interface Uploaded extends RegisteredImage {
  architecture: Architecture
  /** What is known of it now, or would be. */
  proof: Facts
}

export interface UploadParts {
  records: Records
  facts: FactsStore
  blobs: BlobStore
  now: () => Date
  inspect: Inspect
  /** Refuse what is not proven to be what it is said to be. */
  strict: boolean
}

/**
 * Stores a tarball and inspects it in the same pass, then registers it beside the other architectures. What is refused leaves nothing
 * behind, and neither does a dry run, which reads it all the same.
 */
export async function uploadTarball(parts: UploadParts, upload: TarballUpload): Promise<Uploaded> {
  const { id, publicUrl, cause, precondition, dryRun = false, said, source, sha256, size } = upload
  checkId(id)
  const before = await parts.records.find(id)
  // it is looked at again when the record is written; but nobody shall send gigabytes for nothing
  checkPrecondition(id, { before, precondition })
  let report: ImageReport | undefined
  const bytes = inspectedStream(source, async (chunks) => {
    const inspection = await parts.inspect(chunks, { claimed: () => said().architecture, container: id, sha256: dryRun })
    report = reportOnProven(inspection.report, { container: id })
    checkProven(report, parts)
  })
  let place: UploadPlace | undefined
  const keyOf = (stored: Stored): string => {
    report!.tarball.sha256 = stored.sha256
    place = placeOf(report!, { id, said: said(), before })
    return place.key
  }
  const expected = { ...(sha256 !== undefined && { sha256 }), ...(size !== undefined && { size }) }
  if (dryRun) {
    const size = await readAll(bytes, expected)
    const stored = { size, sha256: report!.tarball.sha256! }
    checkStored(stored, expected)
    keyOf(stored)
  } else {
    await parts.blobs.put(keyOf, bytes, { expected })
  }
  return registerTarball(parts, { id, place: place!, report: report!, publicUrl, cause, precondition, dryRun })
}

/** How many bytes there are. */
async function readAll(bytes: AsyncIterable<Uint8Array>, expected: Expected): Promise<number> {
  let size = 0
  for await (const chunk of bytes) {
    size += chunk.length
    checkGrowth(size, expected)
  }
  return size
}

/** Where a tarball stands, and as what it is registered. */
export interface UploadPlace {
  key: string
  version: string
  architecture: Architecture
}

/** Throws parameter_missing, digest_mismatch, image_refused when that cannot be told. */
export function placeOf(
  report: ImageReport,
  { id, said, before }: { id: string; said: Said; before: StoredRecord | undefined }
): UploadPlace {
  checkDigest(said.digest, report)
  const version = versionOf(id, { said: said.version, before })
  const architecture = said.architecture ?? provenArchitecture(report)
  checkOneImage(report, { architecture, container: id })
  const { compression, sha256 } = report.tarball
  return { version, architecture, key: tarballKey({ id, version, architecture, compression, sha256: sha256!, filename: said.filename }) }
}

/** The version that was said, or that the record has, or that the id tells. Throws parameter_missing. */
export function versionOf(id: string, { said, before }: { said: string | undefined; before: StoredRecord | undefined }): string {
  const version = checkLength('version', said || before?.record.version || tagOf(id) || '')
  if (version !== '') return version
  throw new CatalogueError('parameter_missing', `version must be supplied: ${id} has no tag that tells it`)
}

/** What is known is written before the record names it, so that nobody is given a mislabelled image in between. */
export async function registerTarball(
  { records, facts, now }: Pick<UploadParts, 'records' | 'facts' | 'now'>,
  { id, place, report, ...circumstances }: ChangeContext & { id: string; place: UploadPlace; report: ImageReport }
): Promise<Uploaded> {
  const { key, version, architecture } = place
  const url = storageUrl(circumstances.publicUrl, key)
  const imageKey = records.imageKeyOf(id, architecture)
  const digest = recordDigestOf(report, { imageKey, container: id })
  const proof = { container: id, url, given: null, key, report, by: 'upload', checked: now().toISOString() }
  const beforehand = toFacts({ ...proof, imageKey, digest })
  const register = () => records.register({ id, architecture, url, version, digest, ...circumstances })
  const proofOf = ({ record, ...registered }: RegisteredImage) =>
    registered.waiting?.get(architecture)?.url === url
      ? beforehand
      : toFacts({ ...proof, imageKey: architecture, digest: record.digest ?? '' })
  if (circumstances.dryRun) {
    const registered = await register()
    return { ...registered, architecture, proof: proofOf(registered) }
  }
  const [former] = await facts.read(id, [imageKey])
  await facts.write(beforehand)
  const registered = await register().catch(async (error) => {
    // the image that stands there stays what it was proven to be
    if (former) await facts.learn(former).catch(() => {})
    throw error
  })
  const proven = proofOf(registered)
  // the record's digest is known only now; and another upload may have come in between, with facts of its own
  if (proven !== beforehand) await facts.learn(proven)
  return { ...registered, architecture, proof: proven }
}

function provenArchitecture(report: ImageReport): Architecture {
  const proven = asArchitecture(report.architecture)
  if (proven !== null) return proven
  throw new CatalogueError('image_refused', `the tarball does not tell what machine it is for; name the architecture: ${report.summary}`)
}

/** Of several images for one architecture none is registered in silence. */
function checkOneImage(report: ImageReport, wanted: { architecture: Architecture; container: string }): void {
  const meant = chosenImages(report.images, wanted)
  if (meant.length < 2) return
  const { architecture, container } = wanted
  throw new CatalogueError(
    'image_refused',
    `the tarball holds ${meant.length} images for ${architecture}, and not exactly one of them is tagged ${container}: ${choiceInWords(meant)}; save only the one that is meant, or tag it ${container}; nothing was stored`
  )
}

/**
 * What holds nothing can be no image; whatever else is not proven is taken in and marked, but by a strict site. Throws
 * image_mislabelled, image_refused.
 */
export function checkProven({ verdict, summary, problems, tarball }: ImageReport, { strict }: Pick<UploadParts, 'strict'>): void {
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
  throw new CatalogueError(
    'digest_mismatch',
    `nothing in the tarball has the digest ${given}; it has: ${digests.slice(0, 8).join(', ')}; nothing was stored`
  )
}
