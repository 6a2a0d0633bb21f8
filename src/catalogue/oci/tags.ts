import type { Architecture } from '../../domain/architecture.ts'
import { type ContainerRecord, fromDocument, imagesByKey } from '../../domain/container/document.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { type Facts, factsId, fromFactsDocument, type ImageKey } from '../../domain/image/facts.ts'
import { fromKeptDocument, type KeptManifest, type KeptTag, keptName } from '../../domain/oci/documents.ts'
import { isNested } from '../../domain/oci/manifest.ts'
import { type AcceptedForm, indexText, isIndexType, mediaTypes } from '../../domain/oci/media-types.ts'
import { idsOf, namesArchitecture, splitSuffix, type TagName, tagNameOf } from '../../domain/oci/names.ts'
import type { ManifestDescriptor } from '../../schemas.ts'
import type { StoredDocument } from '../../stores/document-store.ts'
import { applyingFacts } from '../verification/image-facts.ts'
import { type PullableImages, pullableImages, pushedImages } from './containers-as-indexes.ts'
import type { OciSettings } from './oci.ts'
import type { OciContext } from './parts.ts'

/** What a tag is at the moment. */
export interface TagAnswer {
  manifest: KeptManifest
  /** The container that the tag is of; undefined for an artifact. */
  container: string | undefined
  /** The architectures that an index has. */
  architectures: readonly string[]
  /** Whether it is the same as long as the documents that the tag is made of are. */
  lasting: boolean
}

interface TagRequest extends TagName {
  form: AcceptedForm
}

/** The ids of the documents that a tag is made of. */
interface TagPlaces {
  tag: string
  /** Of the containers that it may be, the likeliest first. */
  records: readonly string[]
  /** Of what is known of the container's images. */
  facts: readonly string[]
}

/** Everything that a tag is made of. */
interface TagState {
  facts: readonly (StoredDocument | undefined)[]
  /** Changes whenever one of the documents does. */
  stamp: string
  record: ContainerRecord | undefined
  tag: KeptTag | undefined
  places: TagPlaces
}

export type Tags = ReturnType<typeof createTags>

const maxAnswers = 2000

/** Keeps the last answers in memory: making an index takes parsing what is known of every image. */
export function createTags(context: OciContext, options: Required<OciSettings>) {
  const answers = new Map<string, { places: TagPlaces; stamp: string; answer: TagAnswer }>()
  return {
    /** Returns the manifest or index of a tag. Throws manifest_unknown, image_mislabelled. */
    async find(request: TagRequest): Promise<TagAnswer> {
      const name = `${request.form} ${request.repository}:${request.tag}`
      const known = answers.get(name)
      if (known && (await documentsAt(context, known.places)).stamp === known.stamp) {
        await context.kept.touch(known.answer.manifest)
        return known.answer
      }
      const state = await stateOf(context, request)
      const answer = await answerOf(context, { request, state, ...options })
      answers.delete(name)
      if (!answer.lasting) return answer
      answers.set(name, { places: state.places, stamp: state.stamp, answer })
      if (answers.size > maxAnswers) answers.delete(answers.keys().next().value!)
      return answer
    },

    /** Returns what is pulled where nobody has read the image that a container registers, because it was pushed, too. */
    async pushed(id: string): Promise<ReadonlyMap<Architecture, ManifestDescriptor>> {
      const name = tagNameOf(id)
      if ('why' in name) return new Map()
      const state = await stateOf(context, name)
      const { record, tag } = state
      if (record?.id !== id) return new Map()
      return pushedImages(context, { record, facts: currentFactsOf(state), repository: name.repository, tag })
    }
  }
}

/** The same revisions mean the same documents, so nothing of them has to be parsed to see that an answer still holds. */
async function documentsAt({ stores, kept }: OciContext, places: TagPlaces) {
  const [tag, records, facts] = await Promise.all([
    kept.store.get(places.tag),
    Promise.all(places.records.map((id) => stores.containers.get(id))),
    places.facts.length > 0 ? stores.facts.getMany(places.facts) : []
  ])
  return { tag, records, facts, stamp: stampOf([tag, ...records, ...facts]) }
}

const stampOf = (documents: readonly (StoredDocument | undefined)[]): string => documents.map((one) => one?.revision).join(' ')

async function stateOf(context: OciContext, name: TagName): Promise<TagState> {
  const { stores, hash } = context
  const { repository, tag } = name
  const ids = idsOf(name)
  const places = { tag: hash(keptName({ kind: 'tag', repository, name: tag })), records: ids, facts: [] as string[] }
  const found = await documentsAt(context, places)
  const at = found.records.findIndex((one) => one !== undefined)
  const record = at === -1 ? undefined : fromDocument(ids[at]!, found.records[at]!.document)
  if (record) places.facts = imagesByKey(record).map(([imageKey]) => factsId({ container: record.id, imageKey }, hash))
  const facts = places.facts.length > 0 ? await stores.facts.getMany(places.facts) : []
  const stamp = stampOf([found.tag, ...found.records, ...facts])
  return { record, tag: found.tag && fromKeptDocument<'tag'>(found.tag.document), facts, stamp, places }
}

/** Returns what is known of a record's images as they are now. */
function currentFactsOf({ record, facts }: TagState): Map<ImageKey, Facts> {
  const known = facts.flatMap((one) => (one && fromFactsDocument(one.document)) ?? [])
  return applyingFacts(record!, known)
}

type Answering = Required<OciSettings> & { request: TagRequest; state: TagState }

async function answerOf(context: OciContext, answering: Answering): Promise<TagAnswer> {
  const { request, state } = answering
  const { repository } = request
  const { record, tag } = state
  if (!record) return tag && tag.what === 'artifact' ? artifactOf(context, tag) : ofSuffix(context, answering)
  const found = await pullableImages(context, { record, facts: currentFactsOf(state), repository, tag })
  if (tag?.what === 'artifact') return artifactOf(context, tag)
  const pushed = await asPushed(context, answering, found)
  const isSingle = pushed !== undefined && !isIndexType(pushed.mediaType)
  const single = request.form === 'manifest' && !isSingle ? await usualManifest(context, repository, found) : undefined
  const architectures = found.images.map(({ architecture }) => architecture)
  const lasting = !found.bySuffix
  const known = single ?? pushed
  if (known) return { manifest: known, container: record.id, architectures, lasting }
  if (found.images.length === 0) throw nothingToPull(record, found)
  const mediaType = request.form === 'docker-list' ? mediaTypes.dockerList : mediaTypes.ociIndex
  return { manifest: await keepIndex(context, found.images, { repository, mediaType }), container: record.id, architectures, lasting }
}

async function artifactOf({ kept }: OciContext, tag: KeptTag): Promise<TagAnswer> {
  const manifest = await kept.manifest(tag.repository, tag.digest)
  if (!manifest) throw unknownTag({ repository: tag.repository, tag: tag.name })
  return { manifest, container: undefined, architectures: [], lasting: true }
}

/** Returns what was pushed under the tag, while the record has the same images, and the client is to get it as it was pushed. */
async function asPushed({ kept }: OciContext, answering: Answering, found: PullableImages): Promise<KeptManifest | undefined> {
  const { request, asPushed } = answering
  const { tag } = answering.state
  if (!tag) return undefined
  const ours = found.images.map(({ descriptor }) => descriptor.digest).sort()
  const theirs = Object.values(tag.images)
    .map(({ digest }) => digest)
    .sort()
  const isSame = ours.length === theirs.length && ours.every((digest, i) => digest === theirs[i])
  // a client that takes no index gets the manifest that was pushed last, as long as the record has that image
  const isOne = tag.what === 'image' && ours.includes(tag.digest)
  const single = isOne && (request.form === 'manifest' || (isSame && (asPushed || namesArchitecture(request))))
  if (!single && !(tag.what === 'index' && isSame)) return undefined
  const pushed = await kept.manifest(tag.repository, tag.digest)
  return pushed && (single || asPushed || !isNested(pushed.text)) ? pushed : undefined
}

/** What every registry gives a client that takes no index, such as TripleO's: the image for amd64, where there is one. */
async function usualManifest({ kept }: OciContext, repository: string, found: PullableImages): Promise<KeptManifest | undefined> {
  const usual = found.images.find(({ architecture }) => architecture === 'amd64')
  return usual && kept.manifest(repository, usual.descriptor.digest)
}

type IndexName = Pick<KeptManifest, 'repository' | 'mediaType'>

/** Keeps the index under its digest: it is asked for by it, and stays when the tag moves. */
async function keepIndex(context: OciContext, images: PullableImages['images'], index: IndexName): Promise<KeptManifest> {
  const { kept, hash, now } = context
  const { repository, mediaType } = index
  const descriptors = images.map(({ descriptor }) => descriptor)
  const text = indexText(descriptors, mediaType)
  const children = descriptors.map(({ digest }) => digest)
  const name = `sha256:${hash(text)}`
  const known = await kept.manifest(repository, name)
  if (known) return known
  const manifest: KeptManifest = { kind: 'manifest', repository, name, mediaType, text, children, touched: now().toISOString() }
  await kept.put(manifest)
  return manifest
}

/** `v1-arm64` is the arm64 image of `v1`, where no container has that very tag. */
async function ofSuffix(context: OciContext, { request }: Answering): Promise<TagAnswer> {
  const split = splitSuffix(request.tag)
  const state = split && (await stateOf(context, { repository: request.repository, tag: split.base }))
  if (!split || !state?.record) throw unknownTag(request)
  const { record, tag } = state
  const { architecture } = split
  const { images, left } = await pullableImages(context, { record, facts: currentFactsOf(state), repository: request.repository, tag })
  const image = images.find((one) => one.architecture === architecture)
  if (image) {
    const manifest = await context.kept.manifest(request.repository, image.descriptor.digest)
    // it may be made of what another container has
    if (manifest) return { manifest, container: record.id, architectures: [architecture], lasting: false }
  }
  context.demand.count({ container: record.id, architecture, answered: false })
  const why = left.find((one) => one.architecture === architecture)?.why
  if (why?.startsWith('the image is ')) throw new CatalogueError('image_mislabelled', `${record.id} for ${architecture}: ${why}`)
  const has = images.map((one) => one.architecture).join(', ') || 'none'
  const lacks = `${record.id} has no image for ${architecture}${why ? ` to pull: ${why}` : ''}`
  throw new CatalogueError('manifest_unknown', `${lacks}; it has: ${has}`)
}

export const unknownTag = ({ repository, tag }: TagName): CatalogueError =>
  new CatalogueError('manifest_unknown', `there is no ${repository}:${tag}`)

function nothingToPull({ id }: ContainerRecord, { left }: PullableImages): CatalogueError {
  const why = left.map(({ architecture, why }) => `${architecture}: ${why}`).join('; ')
  return new CatalogueError('manifest_unknown', `${id} has no image that can be pulled here: ${why || 'it has none at all'}`)
}
