import { type Architecture, parseArchitecture } from '../domain/architecture.ts'
import { createBudget } from './budget.ts'
import { chosenImages, type Wanted } from './choice.ts'
import { fileOf } from './decisive.ts'
import { describeImage, fileFacts, openImage } from './describe-image.ts'
import { answerDigest } from './digest-answer.ts'
import { explainNoImages, findDockerImages } from './docker-archive.ts'
import type { Found, FoundImage } from './found-image.ts'
import type { FileFacts, ImageFacts, ImageReport } from './image-report.ts'
import { defaultLimits, type ImageLimits } from './limits.ts'
import { createMembersReader, type Members } from './members.ts'
import { findOciImages } from './oci-layout.ts'
import { choiceInWords, overallVerdict } from './overall-verdict.ts'
import { otherPlatform } from './platform.ts'
import { createProblemList, type ProblemList } from './problems.ts'
import { readArchive } from './read-archive.ts'

export interface InspectOptions {
  /** The architecture that the archive is said to be for, or a function that tells it once everything is read. By default each image's configuration is the claim. */
  claimed?: string | (() => string | undefined) | undefined
  /** The container that the archive is for, as `hello:1`. Among several images for one architecture, the one with that tag is meant. */
  container?: string | undefined
  /** A digest to look for in the archive. */
  digest?: string | undefined
  /** A path to describe in each image, as `/usr/lib/libssl.so`. */
  path?: string | undefined
  /** Whether to compute the archive's SHA-256; false for callers that hash the bytes themselves. */
  sha256?: boolean
  limits?: Partial<ImageLimits>
}

export interface Inspection {
  report: ImageReport
  /** Describes a path in each image of the archive, following links. */
  reportFor(path: string): Promise<FileFacts[]>
}

/**
 * Reads an image archive as a stream and reports what is in it. Writes nothing and uses a limited amount of memory. Whatever is wrong with
 * the archive is in the report; throws only the source's own errors and architecture_invalid. The source is always read to its end.
 */
export async function inspectImage(source: AsyncIterable<Uint8Array>, options: InspectOptions = {}): Promise<Inspection> {
  const limits = { ...defaultLimits, ...options.limits }
  const problems = createProblemList(limits)
  const budget = createBudget(limits, problems)
  const reader = createMembersReader(budget, problems)
  const parsed = typeof options.claimed === 'string' ? parseArchitecture(options.claimed) : undefined
  const tarball = await readArchive(source, { reader, budget, problems, hashed: options.sha256 ?? true })
  const told = typeof options.claimed === 'function' ? options.claimed() : undefined
  const claimed = told === undefined ? parsed : parseArchitecture(told)
  const members = reader.members()
  const { images, absent, indexes, formats } = findImages(members, limits, problems)
  const facts: ImageFacts[] = []
  // one at a time, since describing an image takes the memory of a whole file system
  for (const image of images) facts.push(await describeImage(image, { claimed: claimOf(image, images, claimed), budget, problems }))
  const wanted = { architecture: claimed, container: options.container }
  if (claimed !== undefined) noteSeveral(facts, wanted, problems)
  const report: ImageReport = {
    ...overallVerdict(facts, { ...wanted, problems: [...problems.listed] }),
    claimed: claimed ?? null,
    formats,
    tarball: { ...tarball, members: members.count },
    images: facts,
    indexes: indexes.slice(0, limits.items),
    absent: absent.slice(0, limits.items),
    problems: [...problems.listed],
    problemsOmitted: problems.omitted
  }
  const reportFor = async (path: string) => {
    const answers: FileFacts[] = []
    for (const [at, image] of images.entries()) {
      const fresh = createBudget(limits, createProblemList(limits))
      const located = (await openImage(image, fresh)).locate(path)
      const found = located ? { path: located.path, links: located.links, file: fileOf(located) } : { links: [], file: undefined }
      answers.push({ image: at, ...fileFacts({ role: null, named: path, ...found }, limits) })
    }
    return answers
  }
  if (options.digest !== undefined) report.digest = answerDigest(options.digest, report)
  if (options.path !== undefined) report.files = await reportFor(options.path)
  return { report, reportFor }
}

/** A claim is about the only image, or the only one for Linux. With several, each image's configuration is its claim. */
function claimOf(image: FoundImage, images: FoundImage[], claimed: Architecture | undefined) {
  const linux = images.filter(({ config }) => otherPlatform(config?.value ?? {}) === undefined)
  const meant = linux.length > 0 ? linux : images
  return meant.length === 1 && meant[0] === image ? claimed : undefined
}

/** Reports the images that an archive holds for the architecture when nothing tells which one is meant. */
function noteSeveral(facts: readonly ImageFacts[], wanted: Wanted, problems: ProblemList): void {
  const meant = chosenImages(facts, wanted)
  if (meant.length < 2) return
  const message = `the archive holds ${meant.length} images for ${wanted.architecture}, and nothing tells which one is meant: ${choiceInWords(meant)}`
  problems.add({ code: 'images_ambiguous', message, fatal: false })
}

/** Returns the images in manifest.json and index.json; an image that is in both counts once. */
function findImages(members: Members, limits: ImageLimits, list: ProblemList): Found & { formats: ImageReport['formats'] } {
  const docker = findDockerImages(members, limits)
  const oci = findOciImages(members, limits)
  // of an archive that could not be read it needs no explanation that it names no image
  if (docker === undefined && oci === undefined && !list.fatal) list.add(explainNoImages(members))
  // an index that leads to no image is harmless when manifest.json names one
  const problems = [
    ...(docker?.problems ?? []),
    ...(oci?.problems ?? []).filter(({ code }) => code !== 'image_absent' || !docker?.images.length)
  ]
  for (const problem of problems) list.add(problem)
  const images = [...(oci?.images ?? [])]
  for (const image of docker?.images ?? []) {
    const same = images.find(({ config }) => config !== undefined && config.digest === image.config?.digest)
    if (same === undefined) images.push(image)
    else {
      same.formats = [...new Set([...image.formats, ...same.formats])]
      same.tags = [...new Set([...image.tags, ...same.tags])]
      same.problems.push(...image.problems)
    }
  }
  return {
    images: images.slice(0, limits.images),
    problems,
    absent: oci?.absent ?? [],
    indexes: oci?.indexes ?? [],
    formats: [...(docker === undefined ? [] : (['docker-archive'] as const)), ...(oci === undefined ? [] : (['oci-layout'] as const))]
  }
}

export type Inspect = typeof inspectImage
