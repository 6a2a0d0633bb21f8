import { isDigest, tagNameOf } from '../../domain/oci/names.ts'
import { type ImageSelection, selectImages } from '../../domain/oci/parts-of-index.ts'
import { parseImageReference } from '../../registries/address.ts'
import { listedImages, partOf } from '../../registries/copying.ts'
import type { RegistryRepository } from '../../registries/repository.ts'
import type { ContainerView } from '../../schemas.ts'
import { findContainer } from '../client/api.ts'
import { changeOf, changeOptions, clientCommand, output, textOf } from '../client/client-command.ts'
import { asking, copiedInWords, copyOptions, copyShown, otherImage, ownRepository, wantedArchitectures } from '../client/image-copies.ts'
import { missing, misuse, type Values } from '../terminal/terminal.ts'

export const pull = clientCommand({
  usage:
    'pull REGISTRY/NAME:TAG --id ID [--arch ARCH]... [--referrers] [--replace] [--plain-http] [--at-once NUMBER] [--patience SECONDS] [--reason TEXT] [--dry-run] [--url URL] [--json]',
  description: `Brings an image of another registry here, for all architectures or for some. They become the images of the container, with the digests
that they have there, and their bytes are proven as those of any push. What is then served is a list of what is here; the digest that the
image has there is shown with each. REGISTRY/NAME@sha256:DIGEST names it by its digest. What is here already is not sent again.

Images of the container for other architectures are not taken away, unless --replace is given.`,
  options: {
    id: { type: 'string', help: 'the container' },
    ...copyOptions,
    replace: { type: 'boolean', help: 'images of the container for other architectures go' },
    ...changeOptions
  },
  examples: [
    ['leporello pull docker.io/library/debian:12 --id debian:12 --arch amd64,arm64', 'mirror two of its images'],
    ['leporello pull localhost:5000/hello@sha256:0a1b... --id hysds/hello:v1', 'bring exactly these bytes here']
  ],
  needs: ['an image of another registry'],
  async run({ api, trust, values, positionals: [given], json }) {
    const id = textOf(values, 'id') ?? missing('expected --id, the container that the images belong to')
    const name = tagNameOf(id)
    if ('why' in name) throw misuse(`--id is ${JSON.stringify(id)}, and ${name.why}`)
    const source = parseImageReference(given!, { plainHttp: values['plain-http'] === true })
    const there = otherImage(source, { values, trust, writes: false })
    await there.check()
    const { image, origin, selection } = await imageToPull(there.repositoryThere, there.reference, values)
    const before = await findContainer(api, id)
    if (image.content.kind === 'index' && values['replace'] !== true) checkOthers(before, id, selection)
    const mountFrom = there.address.host === api.registry().base.host ? there.repository : undefined
    const to = ownRepository(api, { values, trust, repository: name.repository, mountFrom })
    const { headers, dryRun } = changeOf({ ...values, reason: textOf(values, 'reason') ?? `pulled from ${origin}` })
    const copy = { from: there.repositoryThere, to, image, tag: name.tag, headers: { ...headers, 'x-origin': origin }, dryRun }
    const copied = await copyShown({ ...copy, values, what: `${id}: pulling` })
    const after = dryRun ? before : await findContainer(api, id)
    const unchanged = before !== undefined && before.revision === after?.revision
    const architectures = selection.chosen.map(({ architecture }) => architecture!)
    const verdicts = architectures.map((architecture) => `${architecture}${verdictIn(dryRun ? undefined : after, architecture)}`)
    const did = dryRun ? 'would be pulled' : unchanged ? 'is here already' : 'pulled'
    output(json, {
      value: { id, origin, digest: image.digest, architectures, unchanged, dryRun, ...copied, container: dryRun ? null : after },
      line: `${id}  ${did}: ${origin}  ${verdicts.join(', ')}; ${copiedInWords(copied, { dryRun })}`
    })
  }
})

async function imageToPull(from: RegistryRepository, reference: string, values: Values) {
  const shown = `${from.reference}${isDigest(reference) ? '@' : ':'}${reference}`
  const image = await asking(values, () => from.manifest(reference))
  if (!image) throw new Error(`there is no ${shown}`)
  if (image.content.kind === 'artifact') throw new Error(`${shown} is no image, but ${image.content.artifactType ?? 'another artifact'}`)
  const wanted = wantedArchitectures(values)
  const selection = selectImages(await asking(values, () => listedImages(from, image)), wanted)
  const { chosen, has, lacks } = selection
  if (lacks.length > 0) throw new Error(`${shown} has no image for ${lacks.join(', ')}; it has ${has.join(', ') || 'none for Linux'}`)
  if (chosen.length === 0) throw new Error(`${shown} has no image for Linux`)
  // by its digest, whatever it was named by
  const origin = `${from.reference}${isDigest(reference) ? '' : `:${reference}`}@${image.digest}`
  return { image: image.content.kind === 'index' ? partOf(image, chosen) : image, origin, selection }
}

/** A pushed index is the whole container, so what it does not name goes. */
function checkOthers(before: ContainerView | undefined, id: string, { chosen }: ImageSelection): void {
  const others = Object.keys(before?.images ?? {}).filter((name) => !chosen.some(({ architecture }) => architecture === name))
  if (others.length === 0) return
  throw new Error(
    `${id} also has images for ${others.join(', ')}, which would go; add --replace, pull these architectures as well, or pull to another --id; nothing was changed`
  )
}

function verdictIn(view: ContainerView | undefined, architecture: string): string {
  const found = view?.images[architecture]
  return found ? `: ${found.verdict}` : view?.pending[architecture] ? ' waits for the others' : ''
}
