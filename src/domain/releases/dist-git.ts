import type { Architecture } from '../architecture.ts'
import type { RecordedSource } from '../build/build-status.ts'
import { containerfileOf } from '../build/containerfile.ts'
import { repositoryOf } from '../image/storage.ts'
import type { SetMember } from './channel.ts'

/** What is known of an image of a set: what its builds recorded, and which Containerfiles are stored. */
export interface KnownBuild {
  sources: ReadonlyMap<Architecture, RecordedSource>
  stored: ReadonlySet<string>
}

/** The Containerfiles of an image; or why they are not known. */
export type FoundContainerfiles = { id: string; repository: string } & ({ files: { [name: string]: string } } | { reason: string })

/** Returns the digests of an image's Containerfiles by file name. Architectures share the first one's; another is `Containerfile.arm64`. */
export function containerfilesOf({ id, images }: SetMember, { sources, stored }: KnownBuild): FoundContainerfiles {
  const image = { id, repository: repositoryOf(id) }
  const problem = folderProblem(image.repository)
  if (problem !== undefined) return { ...image, reason: problem }
  const files: { [name: string]: string } = {}
  const reasons: string[] = []
  for (const [architecture, { url }] of Object.entries(images).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const found = digestOf(sources.get(architecture as Architecture), url, stored)
    if ('reason' in found) reasons.push(`${architecture}: ${found.reason}`)
    else if (files['Containerfile'] === undefined) files['Containerfile'] = found.digest
    else if (files['Containerfile'] !== found.digest) files[`Containerfile.${architecture}`] = found.digest
  }
  return reasons.length === 0 ? { ...image, files } : { ...image, reason: reasons.join('; ') }
}

function digestOf(recorded: RecordedSource | undefined, url: string, stored: ReadonlySet<string>): { digest: string } | { reason: string } {
  if (recorded === undefined) return { reason: 'no build was reported with what it was built from' }
  if (recorded.url !== url) return { reason: 'the build that was reported last made another image' }
  const digest = containerfileOf(recorded.source)
  if (digest === undefined) return { reason: 'its build named no Containerfile' }
  return stored.has(digest) ? { digest } : { reason: `its build named a Containerfile, ${digest}, and did not bring it` }
}

/** Returns why a repository's name cannot be a folder of a git repository; undefined where it can. */
export function folderProblem(repository: string): string | undefined {
  const unfit = repository.split('/').find((part) => /^(?:\.{0,2}|\.git|containerfile(?:\..*)?)$/i.test(part) || /[\p{Cc}\\]/u.test(part))
  return unfit === undefined ? undefined : `its name has the part ${JSON.stringify(unfit)}, which cannot be a folder of the repository`
}
