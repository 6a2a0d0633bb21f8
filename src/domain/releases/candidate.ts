import type { Architecture } from '../architecture.ts'
import type { JobReport } from '../build/job-report.ts'
import type { Requirement } from '../build/rules.ts'
import { currentImages, type StateAnswer } from '../build/state.ts'
import type { ContainerRecord } from '../container/document.ts'
import type { Facts, ImageKey } from '../image/facts.ts'
import { maskSecrets } from '../secrets.ts'
import type { MemberImage, SetMember } from './channel.ts'

/** An image that is to be promoted, with what is known of it. */
export interface Candidate {
  /** As the request names it, or as the channel has it. */
  id: string
  origin: string
  /** Undefined where there is no such container. */
  found: FoundCandidate | undefined
  /** What it has to be still, where a channel or an earlier set names it. */
  was?: SetMember | undefined
}

export interface FoundCandidate {
  record: ContainerRecord
  revision: string
  facts: ReadonlyMap<ImageKey, Facts>
  status: StateAnswer
  expected: readonly Architecture[]
  /** Of the container and of its origin. */
  tests: readonly ReadonlyMap<Architecture, JobReport>[]
  /** Architectures whose tarball is not in our own store any more; only looked for in earlier sets. */
  gone?: readonly string[]
}

/** Returns every reason why an image cannot be promoted. */
export function candidateReasons({ id, found, was }: Candidate, require: readonly Requirement[]): string[] {
  if (!found) return [`${id} does not exist`]
  const reasons = [...recordReasons(found), ...(was ? changedReasons(found, was) : [])].map((reason) => `${id} ${reason}`)
  if (require.includes('complete')) reasons.push(...incomplete(found).map((reason) => `${id} is not complete: ${reason}`))
  if (require.includes('proven')) reasons.push(...unproven(found).map((reason) => `${id} is not proven: ${reason}`))
  if (require.includes('tested')) reasons.push(...untested(found).map((reason) => `${id} is not tested: ${reason}`))
  return reasons
}

/** What a record needs so that another one can be made of it. */
function recordReasons({ record, gone = [] }: FoundCandidate): string[] {
  const { images, url, version, digest } = record
  if (images.size === 0 && url === undefined) return ['has no image']
  if (gone.length > 0) return [`cannot be had again: its tarball for ${gone.join(', ')} was removed`]
  const missing = [...(version ? [] : ['version']), ...(digest ? [] : ['digest'])]
  return missing.length === 0 ? [] : [`has no ${missing.join(' and no ')}; register it again with one`]
}

/** A set of a channel is promoted as it was promoted there, or not at all. */
function changedReasons({ record, facts }: FoundCandidate, was: SetMember): string[] {
  const urls = [...imagesOf(record, facts)].map(([architecture, { url }]) => `${architecture} ${url}`)
  const wanted = Object.entries(was.images).map(([architecture, { url }]) => `${architecture} ${url}`)
  const same = urls.length === wanted.length && urls.every((url) => wanted.includes(url))
  return same ? [] : ['was changed since it was promoted there; promote that channel again, or name the images in set']
}

const incomplete = ({ status }: FoundCandidate): string[] =>
  status.state === 'complete' ? [] : status.reasons.map(({ message }) => message)

function unproven({ record, facts }: FoundCandidate): string[] {
  return [...currentImages(record, facts)].flatMap(([architecture, image]) => {
    const { verdict = 'unverified', summary = '' } = image.facts ?? {}
    if (image.facts?.status === 'gone') return [`the image for ${architecture} is gone`]
    return verdict === 'match' ? [] : [`the image for ${architecture} is ${verdict}${summary === '' ? '' : `: ${summary}`}`]
  })
}

function untested({ record, facts, expected, tests }: FoundCandidate): string[] {
  const images = currentImages(record, facts)
  const wanted = expected.length > 0 ? expected : [...images.keys()]
  return wanted.flatMap((architecture) => {
    const url = images.get(architecture)?.url
    const reports = tests.flatMap((one) => one.get(architecture) ?? [])
    const current = reports.filter(({ image }) => image === url)
    if (url !== undefined && current.some(({ status }) => status === 'succeeded')) return []
    const [report] = current
    if (report) {
      const why = report.reason === null ? '' : `: ${maskSecrets(report.reason)}`
      return [`the test on ${architecture} is ${report.status}${why}`]
    }
    return [reports.length > 0 ? `the test on ${architecture} was of another image` : `there is no test result for ${architecture}`]
  })
}

/** Returns the images of a record by architecture. The only image of a record that names none is for amd64 until it is read. */
function imagesOf(record: ContainerRecord, facts: FoundCandidate['facts']): Map<Architecture, MemberImage> {
  const images = [...currentImages(record, facts)]
  return new Map(images.map(([name, { url, facts: known }]) => [name, { url, digest: known?.given ?? known?.config ?? null }]))
}

/** Returns what a set says of a candidate. Call it only for one without reasons. */
export function memberOf({ id: from, origin, found }: Candidate, id: string): SetMember {
  const { record, revision, facts } = found!
  const { version = '', digest = '', images } = record
  return { id, from, origin, revision, version, digest, named: images.size > 0, images: Object.fromEntries(imagesOf(record, facts)) }
}
