import type { Architecture } from '../../domain/architecture.ts'
import { fromDocument } from '../../domain/container/document.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { claimedArchitecture, type Facts, factsId, fromFactsDocument } from '../../domain/image/facts.ts'
import { idsOfRepository } from '../../domain/image/storage.ts'
import type { KeptManifest } from '../../domain/oci/documents.ts'
import { type AcceptedForm, isIndexType } from '../../domain/oci/media-types.ts'
import { isDigest } from '../../domain/oci/names.ts'
import { pagesOf } from '../../domain/pages.ts'
import { currentFacts } from '../verification/image-facts.ts'
import { keepManifest } from './image-manifests.ts'
import type { ContentName, OciContext } from './parts.ts'
import type { TagAnswer, Tags } from './tags.ts'

export interface ManifestRequest {
  repository: string
  /** A tag or a digest. */
  reference: string
  form: AcceptedForm
  /** The architecture of the machine that asks, where its client says so. */
  machine: Architecture | undefined
  /** Whether a machine wants the image itself, which counts as demand; a HEAD request does not. */
  wanted: boolean
}

/** Throws manifest_unknown, image_mislabelled when its bytes are known to be for other machines than it says. */
export async function findManifest(context: OciContext, { tags, ...request }: ManifestRequest & { tags: Tags }): Promise<KeptManifest> {
  const { repository, reference } = request
  if (!isDigest(reference)) {
    const answer = await tags.find({ repository, tag: reference, form: request.form })
    if (request.wanted) countTag(context, answer, request.machine)
    return answer.manifest
  }
  const content = { repository, digest: reference }
  const manifest = (await context.kept.manifest(repository, reference)) ?? (await neverServed(context, content))
  if (!manifest) throw new CatalogueError('manifest_unknown', `${repository} has no manifest ${reference}`)
  await refuseWrong(context, manifest)
  if (request.wanted) countImage(context, manifest)
  await context.kept.touch(manifest)
  return manifest
}

/** A client that asks for an index takes its image by digest, which is counted; one that does not find its architecture stops here. */
function countTag({ demand }: OciContext, answer: TagAnswer, machine: ManifestRequest['machine']): void {
  const { manifest, container, architectures } = answer
  if (container === undefined) return
  if (!isIndexType(manifest.mediaType)) {
    const [architecture] = architectures as Architecture[]
    if (architecture) demand.count({ container, architecture, answered: true })
  } else if (machine && !architectures.includes(machine)) {
    demand.count({ container, architecture: machine, answered: false })
  }
}

function countImage({ demand }: OciContext, { image }: KeptManifest): void {
  const architecture = image && claimedArchitecture(image.imageKey)
  if (architecture) demand.count({ container: image.container, architecture, answered: true })
}

/** What was last read of the images that manifests are of: the same revision says the same. */
const judged = new WeakMap<KeptManifest, { id: string; revision: string | undefined }>()

async function refuseWrong({ stores, hash }: OciContext, manifest: KeptManifest): Promise<void> {
  const { image, name } = manifest
  if (!image) return
  const before = judged.get(manifest)
  const id = before?.id ?? factsId(image, hash)
  const stored = await stores.facts.get(id)
  if (before && before.revision === stored?.revision) return
  const known = stored && fromFactsDocument(stored.document)
  if (known && known.url === image.url) refuseMislabelled(known, name)
  judged.set(manifest, { id, revision: stored?.revision })
}

function refuseMislabelled({ container, imageKey, verdict, summary }: Facts, digest: string): void {
  if (verdict !== 'mislabelled' && verdict !== 'mixed') return
  const named = `${container}${imageKey === '' ? '' : ` for ${claimedArchitecture(imageKey)}`}`
  throw new CatalogueError('image_mislabelled', `${digest} is the image of ${named}, and its bytes are ${verdict}: ${summary}`)
}

/** Records that are looked through for a digest that nobody asked for by a tag before. */
const maxSearched = 100

/** Looks for a proven image with that manifest among the containers of a repository, and keeps its manifest. */
async function neverServed(context: OciContext, { repository, digest }: ContentName): Promise<KeptManifest | undefined> {
  const { stores } = context
  const query = { where: idsOfRepository(repository), sort: { field: 'id', order: 'desc' as const }, limit: maxSearched }
  let searched = 0
  for await (const { items } of pagesOf(stores.containers.list, query)) {
    for (const { id, document } of items) {
      const facts = await currentFacts(context.facts, fromDocument(id, document))
      const found = [...facts.values()].find(({ manifest }) => manifest === digest)
      if (!found) continue
      refuseMislabelled(found, digest)
      return keepManifest(context, { repository, facts: found })
    }
    searched += items.length
    if (searched >= maxSearched) break
  }
  return undefined
}
