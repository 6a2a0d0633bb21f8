import type { Architecture } from '../architecture.ts'
import { currentImages } from '../build/state.ts'
import type { Cause } from '../history/entry.ts'
import type { Verdict } from '../image/facts.ts'
import { type Candidate, type FoundCandidate, memberOf } from './candidate.ts'
import type { MemberImage, SetMember, SetSource } from './channel.ts'

/** An image of a release, frozen: what it was, and what was known of it. */
export interface ReleasedImage extends MemberImage {
  /** Of the manifest; null where nobody read the image. */
  manifest: string | null
  /** Of the tarball, hexadecimal. */
  sha256: string | null
  size: number | null
  verdict: Verdict
  /** The result of the last test of this image; null where there is none. */
  test: string | null
}

export interface ReleasedContainer extends Omit<SetMember, 'from' | 'images'> {
  /** Names of Heat parameters. */
  params: readonly string[]
  images: { [architecture: string]: ReleasedImage }
}

/** A set under a name that never means anything else. */
export interface FrozenRelease {
  name: string
  created: string
  by: Cause
  from: SetSource
  /** The server, as clients pull from it: a host, perhaps with a port. */
  registry: string
  /** Whether the registry is plain HTTP. */
  insecure: boolean
  set: readonly ReleasedContainer[]
}

export const releaseKey = (name: string): string => `release:${name}`

/** Returns the stored form. */
export const toReleaseDocument = (release: FrozenRelease): string =>
  JSON.stringify({ id: releaseKey(release.name), kind: 'release', ...release })

export function fromReleaseDocument(document: string): FrozenRelease {
  const { id: _, kind: __, ...release } = JSON.parse(document) as FrozenRelease & { id: string; kind: string }
  return release
}

/** Freezes a candidate. Call it only for one without reasons. */
export function releasedContainer(candidate: Candidate, params: readonly string[]): ReleasedContainer {
  const { id, origin, revision, version, digest, named, images } = memberOf(candidate, candidate.id)
  const { record, facts, tests } = candidate.found!
  const known = currentImages(record, facts)
  const released = Object.entries(images).map(([name, image]): [string, ReleasedImage] => {
    const architecture = name as Architecture
    const { manifest = null, sha256 = null, size = null, verdict = 'unverified' } = known.get(architecture)?.facts ?? {}
    return [name, { ...image, manifest, sha256, size, verdict, test: testOf(tests, architecture, image.url) }]
  })
  return { id, origin, revision, version, digest, named, params, images: Object.fromEntries(released) }
}

function testOf(tests: FoundCandidate['tests'], architecture: Architecture, url: string): string | null {
  const reports = tests.flatMap((one) => one.get(architecture) ?? []).filter(({ image }) => image === url)
  return (reports.find(({ status }) => status === 'succeeded') ?? reports[0])?.status ?? null
}

/** Returns whether two releases have the same images. When, by whom and what is known of them may differ. */
export const sameImages = (a: FrozenRelease, b: FrozenRelease): boolean => meaning(a) === meaning(b)

const meaning = ({ set }: FrozenRelease): string =>
  JSON.stringify(
    set
      .map(({ id, origin, version, digest, images }) => [
        ...[id, origin, version, digest],
        ...Object.entries(images)
          .map(([architecture, { url }]) => `${architecture} ${url}`)
          .sort()
      ])
      .sort()
  )

/** Returns the set of a release as a channel has it. */
export const setOf = ({ set }: FrozenRelease): SetMember[] =>
  set.map(({ params: _, images, ...member }) => ({
    ...member,
    from: member.id,
    images: Object.fromEntries(Object.entries(images).map(([architecture, { url, digest }]) => [architecture, { url, digest }]))
  }))
