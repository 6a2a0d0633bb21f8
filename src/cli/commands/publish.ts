import { isDigest, tagNameOf } from '../../domain/oci/names.ts'
import { selectImages } from '../../domain/oci/parts-of-index.ts'
import { whyNotPublished } from '../../domain/oci/publishing.ts'
import { parseImageReference } from '../../registries/address.ts'
import { listedImages, partOf } from '../../registries/copying.ts'
import type { ReadManifest } from '../../registries/manifest-reader.ts'
import type { RegistryRepository } from '../../registries/repository.ts'
import type { ContainerView, ManifestList } from '../../schemas.ts'
import { type Api, pathOf } from '../client/api.ts'
import { clientCommand, output, textOf } from '../client/client-command.ts'
import { asking, copiedInWords, copyOptions, copyShown, otherImage, ownRepository, wantedArchitectures } from '../client/image-copies.ts'
import { missing, misuse, type Values } from '../terminal/terminal.ts'

export const publish = clientCommand({
  usage:
    'publish ID --to REGISTRY/NAME:TAG [--arch ARCH]... [--referrers] [--mount-from NAME] [--plain-http] [--at-once NUMBER] [--patience SECONDS] [--dry-run] [--url URL] [--json]',
  description: `Brings the images of a container to another registry, with the digests that they have here: blobs first, then the manifests, and the tag
last, so that nobody sees a part of it. The bytes pass through this machine, and are not stored on it. Blobs that are there are not sent
again: after an interruption the same command goes on. The registry is asked with what docker login left in docker's own configuration
(DOCKER_CONFIG, or ~/.docker).

A container that is not complete, or has an image that is not proven, is refused with every reason, unless --arch says what is wanted.`,
  options: {
    to: { type: 'string', help: 'where to' },
    ...copyOptions,
    'mount-from': { type: 'string', help: 'a repository of that registry which has blobs of it, such as those of its base image' },
    'dry-run': { type: 'boolean', help: 'only tell what would be sent' }
  },
  examples: [
    ['leporello publish hysds/hello:v1 --to registry.example.org/hysds/hello:v1', 'publish all images under one tag'],
    ['leporello publish hysds/hello:v1 --to registry.example.org/hysds/hello:v1 --referrers', 'with its signatures and SBOMs'],
    ['leporello publish hysds/hello:v1 --to localhost:5000/hello:v1-arm --arch arm64 --dry-run', 'see what publishing one image would send']
  ],
  needs: ['the id of a container'],
  async run({ api, trust, values, positionals: [id], json }) {
    const name = tagNameOf(id!)
    const repository = 'why' in name ? '' : name.repository
    const given = textOf(values, 'to') ?? missing('expected --to, such as --to registry.example.org/hysds/hello:v1')
    const target = parseImageReference(given, { plainHttp: values['plain-http'] === true })
    if (isDigest(target.reference)) throw misuse('--to names a digest; expected a tag')
    const isOwn = target.address.host === api.registry().base.host
    const mountFrom = textOf(values, 'mount-from') ?? (isOwn && repository ? repository : undefined)
    const there = otherImage(target, { values, trust, writes: true, mountFrom })
    const from = ownRepository(api, { values, trust, repository })
    const { image, architectures } = await imageToPublish(api, { id: id!, from, values })
    await there.check()
    const { repositoryThere: to, reference: tag } = there
    const before = await asking(values, () => to.digestOf(tag))
    const dryRun = values['dry-run'] === true
    const isThere = before === image.digest
    const copy = { from, to, image, tag: isThere ? undefined : tag, dryRun, values, what: `${id}: publishing` }
    const copied = isThere && values['referrers'] !== true ? undefined : await copyShown(copy)
    const unchanged = isThere && !copied?.referrers
    if (copied && !dryRun) checkTag(await asking(values, () => to.digestOf(tag)), { to, tag, digest: image.digest })
    const reference = `${to.reference}:${tag}`
    const did = unchanged ? 'is there already' : dryRun ? 'would be published' : 'published'
    const moved = before !== undefined && !isThere ? `; the tag ${dryRun ? 'is' : 'was'} ${before}` : ''
    output(json, {
      value: { id, reference, digest: image.digest, before: before ?? null, architectures, unchanged, dryRun, ...(copied ?? nothing) },
      line: `${id}  ${did}: ${reference}@${image.digest}  ${architectures.join(', ')}${copied ? `; ${copiedInWords(copied, { dryRun })}` : ''}${moved}`
    })
  }
})

const nothing = { blobs: null, referrers: 0 }

interface Wanted {
  id: string
  from: RegistryRepository
  values: Values
}

/** Returns what is to be published. Throws with every reason where it cannot be. */
async function imageToPublish(api: Api, { id, from, values }: Wanted): Promise<{ image: ReadManifest; architectures: string[] }> {
  const wanted = wantedArchitectures(values)
  const name = tagNameOf(id)
  const path = pathOf`/api/v1/containers/${id}`
  const [view, list] = await Promise.all([api.ask<ContainerView>({ path }), api.ask<ManifestList>({ path: `${path}/manifest` })])
  const image = 'why' in name ? undefined : await asking(values, () => from.manifest(name.tag))
  const { chosen, has } = selectImages(image ? await asking(values, () => listedImages(from, image)) : [], wanted)
  const { unproven, notPullable } = list
  const problem = whyNotPublished({ id, wanted, pullable: has, unproven, missing: view.missing, notPullable })
  if (problem !== undefined || !image) throw new Error(problem)
  const whole = wanted.length === 0 || image.content.kind !== 'index'
  return { image: whole ? image : partOf(image, chosen), architectures: chosen.map(({ architecture }) => architecture!) }
}

/** What counts in the end is what the registry says. */
function checkTag(found: string | undefined, { to, tag, digest }: { to: RegistryRepository; tag: string; digest: string }): void {
  if (found === digest) return
  throw new Error(`${to.reference} says that ${tag} is ${found ?? 'not there'}, and ${digest} was sent: did somebody else move it?`)
}
