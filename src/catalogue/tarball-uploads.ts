import type { BlobStore, Stored } from '../blobs/blob-store.ts'
import type { Architecture } from '../domain/architecture.ts'
import { CatalogueError } from '../domain/errors.ts'
import { asArchitecture } from '../domain/facts.ts'
import { checkId, checkLength } from '../domain/limits.ts'
import { storageUrl, tagOf, tarballKey } from '../domain/storage.ts'
import type { ImageReport } from '../images/image-report.ts'
import { inspectImage } from '../images/inspect-image.ts'
import type { FactsBook } from './facts.ts'
import { inspectedStream } from './inspected-stream.ts'
import { digestsOf, toFacts } from './proofs.ts'
import type { Circumstances, Records, Registered } from './records.ts'

export interface TarballUpload extends Circumstances {
  id: string
  source: AsyncIterable<Uint8Array>
  /** Of the tarball, hexadecimal, and its length in bytes, as far as they were said. */
  sha256: string | undefined
  size: number | undefined
  /** What was said about it; asked when the last byte was read, because a form may say it behind the file. */
  said: () => Said
}

interface Said {
  /** Undefined: what the bytes are for. */
  architecture: Architecture | undefined
  version: string | undefined
  filename: string | undefined
  /** A digest that the upload must have somewhere: of the tarball, of the configuration, of a manifest. */
  digest: string | undefined
}

export interface Uploaded extends Registered {
  architecture: Architecture
}

export interface UploadParts {
  records: Records
  facts: FactsBook
  blobs: BlobStore
  now: () => Date
  /** Refuse what is not proven to be what it is said to be. */
  strict: boolean
}

/**
 * Stores a tarball and inspects it in the same pass, then registers it beside the other architectures. What is refused leaves nothing
 * behind. What is known is written before the record names it, so that nobody is given a mislabelled image in between.
 */
export async function uploadTarball({ records, facts, blobs, now, strict }: UploadParts, upload: TarballUpload): Promise<Uploaded> {
  const { id, publicUrl, cause, precondition, said, source, sha256, size } = upload
  checkId(id)
  const before = await records.find(id)
  const versionOf = () => {
    const version = checkLength('version', said().version || before?.record.version || tagOf(id) || '')
    if (version !== '') return version
    throw new CatalogueError('parameter_missing', `version must be supplied: ${id} has no tag that tells it`)
  }

  let report: ImageReport | undefined
  const bytes = inspectedStream(source, async (chunks) => {
    const inspection = await inspectImage(chunks, { claimed: () => said().architecture, sha256: false })
    report = inspection.report
    if (strict) refuseUnproven(report)
  })
  let version = ''
  let architecture: Architecture | undefined
  const keyOf = (stored: Stored): string => {
    report!.tarball.sha256 = stored.sha256
    checkDigest(said().digest, report!)
    version = versionOf()
    architecture = said().architecture ?? provenArchitecture(report!)
    const { compression } = report!.tarball
    return tarballKey({ id, version, architecture, compression, sha256: stored.sha256, filename: said().filename })
  }
  const expected = { ...(sha256 !== undefined && { sha256 }), ...(size !== undefined && { size }) }
  const { key } = await blobs.put(keyOf, bytes, { expected })

  const url = storageUrl(publicUrl, key)
  const digest = digestsOf({ ...report!, tarball: { ...report!.tarball, sha256: null } })[0] ?? `sha256:${report!.tarball.sha256}`
  const proof = { container: id, slot: architecture!, url, given: null, key, report: report!, by: 'upload', checked: now().toISOString() }
  await facts.write(toFacts({ ...proof, digest }))
  const registered = await records.register({ id, architecture: architecture!, url, version, digest, publicUrl, cause, precondition })
  // another upload of the same image may have written its own in between, and the record's digest is known only now
  await facts.write(toFacts({ ...proof, digest: registered.record.digest ?? '' }))
  return { ...registered, architecture: architecture! }
}

function provenArchitecture(report: ImageReport): Architecture {
  const proven = asArchitecture(report.architecture)
  if (proven !== null) return proven
  throw new CatalogueError('image_refused', `the tarball does not tell what machine it is for; name the architecture: ${report.summary}`)
}

function refuseUnproven({ verdict, summary }: ImageReport): void {
  if (verdict === 'match' || verdict === 'no-binaries') return
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
