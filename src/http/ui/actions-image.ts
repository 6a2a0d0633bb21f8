import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { Images } from '../../catalogue/images/images.ts'
import type { ImageView } from '../../catalogue/lists/image-views.ts'
import type { ImageChange } from '../../catalogue/records/image-records.ts'
import type { Upkeep } from '../../catalogue/tarballs/tarballs.ts'
import { type Architecture, parseArchitecture } from '../../domain/architecture.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { own } from '../../domain/own.ts'
import { holdersRefusal } from './action-page.ts'
import { type ActionCall, seenRevision, type UiAction } from './action-route.ts'
import { html, type Markup } from './html.ts'
import { idMarkup, sizeInWords } from './texts.ts'
import { containerWay } from './ways.ts'

const path = '/containers/:id/images/:architecture'

type ImageActions = Pick<Catalogue, 'holders' | 'upkeep'> & { images: Images }

/** What people do with one image. */
export function imageActions(parts: ImageActions): UiAction[] {
  const { images, upkeep } = parts
  return [verification(parts), relabelling(parts), removal(parts), ...(upkeep ? [singleVerification(images, upkeep)] : [])]
}

const verification = ({ images }: ImageActions): UiAction => ({
  path: `${path}/verify`,
  action: 'container:write',
  async ask(call) {
    const image = await imageIn(images, call)
    return { ...aboutImage('Verify', call), effects: readingEffects(image), submit: 'Read the bytes' }
  },
  async act(call) {
    await images.verify({ ...changeIn(call), precondition: undefined })
    return { to: containerWay(call.params.id, call.frame), done: 'verified' }
  }
})

const relabelling = ({ images }: ImageActions): UiAction => ({
  path: `${path}/relabel`,
  action: 'container:write',
  async ask(call) {
    const { container, image } = await images.relabel(changeIn(call))
    const from = architectureIn(call)
    const effects = [
      html`The image for ${from} is registered as the one for <b>${image.architecture}</b>, because ${image.summary}.`,
      `Machines of ${from} are refused from then on, instead of being given an image that they cannot run.`,
      `The container would be ${container.state}.`
    ]
    return { ...aboutImage('Relabel', call), effects, carried: { seen: seenRevision(container.revision) }, submit: 'Relabel it' }
  },
  async act(call) {
    await images.relabel(changeIn(call))
    return { to: containerWay(call.params.id, call.frame), done: 'relabelled' }
  }
})

const removal = ({ images, holders }: ImageActions): UiAction => ({
  path: `${path}/remove`,
  action: 'container:delete',
  async ask(call) {
    const { id, architecture } = changeIn(call)
    const [before, { container, released }, named] = await Promise.all([
      images.container(id),
      images.drop(changeIn(call)),
      holdersRefusal(holders, call)
    ])
    const url = own(before.images, architecture)?.url
    const effects = [
      html`The image for <b>${architecture}</b> is taken away${url !== undefined && html`: <code class="url">${url}</code>`}.`,
      `The container would be ${container.state}, with images for ${Object.keys(container.images).join(', ') || 'nothing'}.`,
      released.length > 0 && `Its tarball is removed after a while, unless it is named again.`
    ]
    const carried = { seen: seenRevision(before.revision), ...named.carried }
    return { ...aboutImage('Remove', call), effects, ...named, carried, submit: 'Take it away', isRemoval: true }
  },
  async act(call) {
    const change = changeIn(call)
    if (call.texts['force'] !== 'yes') await holders.checkUnnamed(change.id)
    await images.drop(change)
    return { to: containerWay(change.id, call.frame), done: 'image-removed' }
  }
})

/** The only image of a record that names no architectures. */
const singleVerification = (images: Images, upkeep: Upkeep): UiAction => ({
  path: '/containers/:id/verify',
  action: 'container:write',
  async ask(call) {
    const { id } = call.params
    const { url } = await images.container(id)
    if (url === null) throw new CatalogueError('image_missing', `${id} has no image of its own; its images are verified one by one`)
    const effects = readingEffects({ url, size: null, summary: null, verdict: 'unverified' })
    const heading = html`Verify the image of ${idMarkup(id)}`
    return { title: `Verify ${id}`, heading, back: backTo(call), effects, submit: 'Read the bytes' }
  },
  async act({ params: { id }, frame, change }) {
    await upkeep.verifySingle({ id, publicUrl: change.publicUrl })
    return { to: containerWay(id, frame), done: 'verified' }
  }
})

/** A page has seen a record as a whole, and not one image of it. */
const changeIn = (call: ActionCall): ImageChange => ({ ...call.change, id: call.params.id, architecture: architectureIn(call) })

const architectureIn = ({ params }: ActionCall): Architecture => parseArchitecture(params.architecture)

type ReadImage = Pick<ImageView, 'url' | 'size' | 'summary' | 'verdict'>

async function imageIn(images: Images, call: ActionCall): Promise<ReadImage> {
  const { id, architecture } = changeIn(call)
  const { images: published, pending } = await images.container(id)
  const found = own(pending, architecture) ?? own(published, architecture)
  if (found) return { size: null, ...found }
  throw new CatalogueError('image_missing', `${id} has no image for ${architecture}`)
}

const readingEffects = ({ url, size, summary, verdict }: ReadImage): Markup[] => [
  html`Its bytes are read now${size !== null && `, ${sizeInWords(size)} of them`}: <code class="url">${url}</code>. That takes as long as reading takes.`,
  verdict === 'unverified'
    ? html`What they prove is noted. So far nobody has read them.`
    : html`What they prove replaces what is known: ${summary ?? verdict}.`,
  html`The record stays as it is. Machines are refused an image that proves to be for another architecture.`
]

function aboutImage(verb: string, call: ActionCall) {
  const { id } = call.params
  const architecture = architectureIn(call)
  const heading = html`${verb} the image for ${architecture} of ${idMarkup(id)}`
  return { title: `${verb} ${architecture} of ${id}`, heading, back: backTo(call) }
}

const backTo = ({ params: { id }, frame }: ActionCall) => ({ href: containerWay(id, frame), words: idMarkup(id) })
