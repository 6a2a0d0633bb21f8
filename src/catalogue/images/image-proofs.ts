import type { PendingImage } from '../../domain/build/build-status.ts'
import { emptyRecord } from '../../domain/container/document.ts'
import { imageMissing } from '../../domain/container/resolution.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { applies, type Facts, pendingKey, type Report } from '../../domain/image/facts.ts'
import { keyOfUrl } from '../../domain/image/storage.ts'
import { answerDigest } from '../../images/digest-answer.ts'
import type { ImageReport } from '../../images/image-report.ts'
import type { ImageChange, ImageId } from '../records/image-records.ts'
import { type ReadingTarget, readAndLearn, readTarball } from '../verification/tarball-reading.ts'
import type { AnsweredImage } from './image-answer.ts'
import type { ImageParts } from './parts.ts'

/** An image, and the public URL at which the client reached this server. */
export interface ImageAddress extends ImageId {
  publicUrl: string
}

/** An image of a record, with its facts if it has been read. */
type ImageTarget = ReadingTarget & { facts: Facts | undefined }

/** Throws container_unknown, image_missing. */
export async function imageTarget({ changes, facts, addresses }: ImageParts, image: ImageAddress): Promise<ImageTarget> {
  const { id, architecture, publicUrl } = image
  const { record } = await changes.read(id)
  const url = record.images.get(architecture)
  if (url === undefined) throw imageMissing(record, { architecture })
  const digest = record.digest ?? ''
  const current = (await facts.read(id, [architecture])).find((one) => applies(one, { url, digest }))
  const key = current?.key ?? keyOfUrl(url, [publicUrl, ...addresses()])
  return { container: id, imageKey: architecture, url, digest, given: current?.given ?? null, key, facts: current }
}

export interface ReportRequest extends ImageAddress {
  /** A path in the image whose architecture is to be found out: the bytes are read again for it. */
  path?: string | undefined
}

export async function reportOf(parts: ImageParts, { path, ...image }: ReportRequest): Promise<Report> {
  const target = await imageTarget(parts, image)
  if (path !== undefined) return { ...(await readTarball(parts, target, { by: 'report', path })).inspection.report }
  const stored = target.facts?.report
  // the digest is compared now: another image may have changed the record's since
  if (stored) {
    const base = (await parts.baseImages.of(image.id, target.facts!)) ?? null
    return { ...stored, digest: answerDigest(target.given ?? target.digest, stored as unknown as ImageReport), base }
  }
  const { id, architecture } = image
  const remedy = `POST …/images/${architecture.replace('/', '-')}/verify does`
  throw new CatalogueError('image_unproven', `nobody has read the image for ${architecture} of ${id} yet; ${remedy}`)
}

function pendingTarget({ addresses }: ImageParts, image: ImageAddress, pending: PendingImage): ReadingTarget {
  const { url, digest } = pending
  const key = keyOfUrl(url, [image.publicUrl, ...addresses()])
  return { container: image.id, imageKey: pendingKey(image.architecture), url, digest: digest ?? '', given: digest, key }
}

/** Reads an image, the pending one where there is one, and publishes what that completes. */
export async function verifyImage(parts: ImageParts, image: ImageChange): Promise<AnsweredImage> {
  const { buildStatuses, changes, publishing } = parts
  const { id, architecture, cause, dryRun } = image
  const pending = (await buildStatuses.find(id))?.pending.get(architecture)
  const target = pending ? pendingTarget(parts, image, pending) : await imageTarget(parts, image)
  const { proven } = await readAndLearn(parts, target, { by: 'verify', dryRun })
  if (pending && !dryRun) await publishing.publishPending(id, cause)
  const stored = (await changes.find(id)) ?? { record: emptyRecord(id), revision: '' }
  const waiting = (await buildStatuses.find(id))?.pending
  return { ...stored, architecture, ...(waiting && { waiting }), learnt: dryRun ? proven : undefined }
}

/** Throws image_unproven, image_refused when it is not proven to be for another architecture, and what moving it throws. */
export async function relabelImage(parts: ImageParts, { id, architecture: from, ...change }: ImageChange): Promise<AnsweredImage> {
  const target = await imageTarget(parts, { id, architecture: from, publicUrl: change.publicUrl })
  const to = provenArchitecture(target)
  // read again under its new claim, so that the facts are about what it is registered as
  const { facts: proven } = await readTarball(parts, { ...target, imageKey: to }, { by: 'relabel' })
  const moved = await parts.imageRecords.move({ ...change, id, from, to, url: target.url })
  const learnt: Facts = { ...proven, digest: moved.record.digest ?? '' }
  if (change.dryRun) return { ...moved, architecture: to, learnt }
  await parts.facts.learn(learnt)
  await parts.facts.remove(id, from)
  return { ...moved, architecture: to }
}

function provenArchitecture({ container, imageKey, facts }: ImageTarget) {
  const image = `the image for ${imageKey} of ${container}`
  if (!facts || facts.verdict === 'unverified') {
    throw new CatalogueError('image_unproven', `nobody has read ${image} yet; verify it first`)
  }
  if (facts.architecture && facts.architecture !== imageKey) return facts.architecture
  const remedy = facts.verdict === 'mislabelled' ? '; only building it again changes what is inside' : ''
  throw new CatalogueError('image_refused', `${image} is not proven to be for another architecture: ${facts.summary}${remedy}`)
}
