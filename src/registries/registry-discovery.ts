import { tagOf } from '../domain/image/storage.ts'
import { isRepository, isTag } from '../domain/oci/names.ts'
import { chooseTag, type FoundTag, type KnownTag, type TagRule } from '../domain/releases/discovery.ts'
import type { RegistryImage } from './image-reader.ts'
import type { Registry } from './registry.ts'
import { isRegistryError } from './registry-error.ts'

interface RegistrySearch {
  /** As an image list names them. */
  imagenames: readonly string[]
  rule: TagRule
  /** Where the registry has the image of a list's name. */
  repositoryFor: (imagename: string) => string
}

/** The images of more tags are not read to find the newest. */
const mostImages = 500

/** Finds the tags of the images of a list in a registry. Returns them in the order of the list. Throws when the registry fails. */
export async function discoverInRegistry(registry: Registry, { imagenames, rule, repositoryFor }: RegistrySearch): Promise<FoundTag[]> {
  const found = new Map<string, Promise<FoundTag>>()
  const one = (imagename: string): Promise<FoundTag> => {
    const repository = repositoryFor(imagename)
    const named = tagOf(imagename)
    // a list may name an image several times
    const key = `${repository}:${named}`
    const known = found.get(key) ?? leavingOut(() => discoverOne(registry, { repository, named, rule }))
    found.set(key, known)
    return known
  }
  try {
    await registry.check()
    return await Promise.all(imagenames.map(one))
  } finally {
    registry.stop()
  }
}

/** A registry that fails is no answer; what it refuses, or cannot be read, concerns one image. */
async function leavingOut(find: () => Promise<FoundTag>): Promise<FoundTag> {
  try {
    return await find()
  } catch (error) {
    if (!isRegistryError(error) || error.registry === 'failed') throw error
    return { reason: error.message }
  }
}

interface SoughtImage {
  repository: string
  /** The tag that the list names, if it names one. */
  named: string | undefined
  rule: TagRule
}

async function discoverOne(registry: Registry, { repository, named, rule }: SoughtImage): Promise<FoundTag> {
  if (!isRepository(repository)) return { reason: `${JSON.stringify(repository)} is no repository's name for a registry` }
  const labelled = named ?? 'latest'
  const wanted = 'tag' in rule ? rule.tag : labelled
  if (!isTag(wanted)) return { reason: `${JSON.stringify(wanted)} is no tag for a registry` }
  // most images have the tag, and then no other tag is of interest
  if ('tag' in rule && (await registry.has(repository, rule.tag))) return chooseTag(rule, { tags: [{ tag: rule.tag, rank: null }] })
  const tags = await registry.tags(repository)
  if ('newest' in rule && rule.newest !== 'version' && tags.length > mostImages) {
    return {
      reason: `it has ${tags.length} tags, and the newest is found among ${mostImages} at most; use --by version, --tag or --tag-from-label`
    }
  }
  const rankOf = rankBy(rule)
  const ranked = async (tag: string): Promise<KnownTag> => ({ tag, rank: await rankIn(registry.image(repository, tag), rankOf!) })
  const known = await Promise.all(tags.map((tag) => (rankOf ? ranked(tag) : { tag, rank: null })))
  if (!('label' in rule) || tags.length === 0) return chooseTag(rule, { tags: known })
  const image = await registry.image(repository, labelled)
  return chooseTag(rule, { tags: known, labels: image?.labels, named })
}

type RankOf = (image: RegistryImage) => string | null

function rankBy(rule: TagRule): RankOf | undefined {
  if (!('newest' in rule) || rule.newest === 'version') return undefined
  if (rule.newest !== 'label') return ({ created }) => created
  return ({ labels }) => (Object.hasOwn(labels, rule.named) ? labels[rule.named]! : null)
}

async function rankIn(reading: Promise<RegistryImage | undefined>, rankOf: RankOf): Promise<string | null> {
  try {
    const image = await reading
    return image ? rankOf(image) : null
  } catch (error) {
    // signatures and charts have tags, too
    if (!isRegistryError(error) || error.registry !== 'unusable') throw error
    return null
  }
}
