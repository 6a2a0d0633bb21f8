import type { BlobStore, ByteRange } from '../../blobs/blob-store.ts'
import type { Architecture } from '../../domain/architecture.ts'
import type { PendingImage } from '../../domain/build/build-status.ts'
import { type ContainerRecord, fromDocument } from '../../domain/container/document.ts'
import { imageMissing, resolveImage } from '../../domain/container/resolution.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { applies, type Facts, type ImageKey, pendingKey, type Report } from '../../domain/image/facts.ts'
import { keyOfUrl, tagOf } from '../../domain/image/storage.ts'
import { checkId, checkLength } from '../../domain/limits.ts'
import { percentDecoded } from '../../domain/percent.ts'
import { answerDigest } from '../../images/digest-answer.ts'
import type { ImageReport } from '../../images/image-report.ts'
import type { Sources } from '../../sources/source.ts'
import type { BuildStatuses } from '../builds/build-statuses.ts'
import type { Publishing } from '../builds/publication.ts'
import { type ContainerView, type ImageView, imageView } from '../lists/image-views.ts'
import type { Views } from '../lists/views.ts'
import type { ChangeContext, Records, RegisteredImage, StoredRecord } from '../records/image-records.ts'
import { currentFacts, type FactsStore, rememberClaimedDigest } from '../verification/image-facts.ts'
import { type ReadingParts, readAndLearn, readTarball, type Target } from '../verification/tarball-reading.ts'
import type { Verification } from '../verification/verification.ts'
import { type TarballUpload, uploadTarball } from './tarball-uploads.ts'

export interface ImageAnswer {
  container: ContainerView
  image: ImageView
  created: boolean
  unchanged: boolean
  /** It waits to be published with the others. */
  pending: boolean
  /** Tarballs of ours that no longer stand in the record. */
  released: RegisteredImage['released']
}

/** Which image of which container, and under which address of ours it was asked for. */
export interface ImageAddress {
  id: string
  architecture: Architecture
  publicUrl: string
}

/** The same, of one that is to be changed. */
export type ImageChange = ImageAddress & ChangeContext

export interface Download {
  /** What a file of it is called. */
  filename: string
  /** Where it stands in our own store; absent when it stands elsewhere. */
  key: string | undefined
  url: string
  sha256: string | undefined
}

/** The images of containers one by one: bringing them, proving them, handing them out. */
export interface Images {
  /** Throws container_unknown. */
  container(id: string): Promise<ContainerView>
  /** Throws container_unknown, image_missing. */
  get(asked: Pick<ImageAddress, 'id' | 'architecture'>): Promise<ImageAnswer>
  /** Registers an image by its URL. */
  put(image: ImageChange & { url: string; digest?: string | undefined; version?: string | undefined }): Promise<ImageAnswer>
  /** Registers the image that another container has for this architecture. */
  copy(image: ImageChange & { from: string }): Promise<ImageAnswer>
  /** Takes one image away. Throws container_unknown, image_missing, image_refused when it is the only one. */
  drop(image: ImageChange): Promise<Pick<ImageAnswer, 'container' | 'released'>>
  /** Takes in a tarball. Throws image_refused, digest_mismatch, size_mismatch, store_full; then nothing is left behind. */
  upload(upload: TarballUpload): Promise<ImageAnswer>
  /** Throws store_full when so many bytes more would not fit. */
  checkRoom(bytes: number): Promise<void>
  /** What is proven; with a path the bytes are read again. Throws image_unproven when they never were. */
  report(asked: ImageAddress & { path?: string | undefined }): Promise<Report>
  /** Reads the bytes now; a dry run tells what they are, and writes nothing down. */
  verify(asked: ImageChange): Promise<ImageAnswer>
  /** Registers a mislabelled image as what it is proven to be. */
  relabel(asked: ImageChange): Promise<ImageAnswer>
  download(asked: ImageAddress): Promise<Download>
  /** The bytes of a tarball in our own store. */
  open: BlobStore['get']
  head: BlobStore['head']
  presign: BlobStore['presign']
}

export type { ByteRange }

export interface ImagesParts {
  records: Records
  buildStatuses: Pick<BuildStatuses, 'find'>
  settle: Publishing['settle']
  facts: FactsStore
  blobs: BlobStore
  sources: Sources
  now: () => Date
  inspect: ReadingParts['inspect']
  strict: boolean
  verification: Pick<Verification, 'registered'>
  views: Views
  /** Addresses under which this server knows itself, beside the one that it was asked under. */
  addresses: () => readonly string[]
}

export function imageCatalogue({ records, views, buildStatuses, settle, ...parts }: ImagesParts): Images {
  const { facts, blobs, addresses } = parts

  async function answer(
    architecture: Architecture,
    {
      record,
      revision,
      created = false,
      unchanged = false,
      released = [],
      waiting,
      learnt
    }: Pick<StoredRecord, 'record' | 'revision'> &
      Partial<Pick<RegisteredImage, 'created' | 'unchanged' | 'released' | 'waiting'>> & {
        /** What a dry run found out, and nobody wrote down. */
        learnt?: Facts | undefined
      }
  ): Promise<ImageAnswer> {
    const container = await views.of({ record, revision }, { gathered: views.gather(record, learnt) })
    const waits = waiting?.get(architecture)
    const image = waits ? await waitingView(record.id, { architecture, waits, learnt }) : container.images[architecture]
    if (!image) throw imageMissing(record, { architecture, requested: architecture })
    return { container, image, created, unchanged, released, pending: waits !== undefined }
  }

  async function waitingView(
    id: string,
    { architecture, waits, learnt }: { architecture: Architecture; waits: PendingImage; learnt: Facts | undefined }
  ): Promise<ImageView> {
    const { url, digest } = waits
    const [known] = learnt ? [learnt] : await facts.read(id, [pendingKey(architecture)])
    const view = imageView(architecture, { url, facts: known && applies(known, { url, digest: digest ?? '' }) ? known : undefined })
    return { ...view, digest: view.digest ?? digest }
  }

  async function targetOf({
    id,
    architecture,
    publicUrl
  }: ImageAddress): Promise<Target & { facts: Facts | undefined; record: ContainerRecord }> {
    const { record } = await records.read(id)
    const url = record.images.get(architecture)
    if (url === undefined) throw imageMissing(record, { architecture, requested: architecture })
    const digest = record.digest ?? ''
    const known = (await facts.read(id, [architecture])).find((one) => applies(one, { url, digest }))
    const key = known?.key ?? keyOfUrl(url, [publicUrl, ...addresses()])
    return { container: id, imageKey: architecture, url, digest, given: known?.given ?? null, key, facts: known, record }
  }

  function waitingTarget({ id, architecture, publicUrl }: ImageAddress, { url, digest }: PendingImage): Target {
    const key = keyOfUrl(url, [publicUrl, ...addresses()])
    return { container: id, imageKey: pendingKey(architecture), url, digest: digest ?? '', given: digest, key }
  }

  async function checkRoom(bytes: number): Promise<void> {
    const left = await blobs.available()
    if (left === undefined || (bytes <= left && left > 0)) return
    throw new CatalogueError('store_full', `the object store is full: ${bytes} bytes are to be stored, and there is room for ${left}`)
  }

  async function register({ url, digest, version, ...asked }: Parameters<Images['put']>[0]): Promise<RegisteredImage> {
    const { id, architecture, publicUrl, dryRun } = asked
    checkId(id)
    checkLength('url', url)
    const before = await records.find(id)
    const named = { version: version || before?.record.version || tagOf(id), digest: digest || before?.record.digest }
    for (const [name, value] of Object.entries(named)) {
      if (!value) throw new CatalogueError('parameter_missing', `${name} must be supplied: ${id} is new, and nothing tells it`)
    }
    const registered = await records.register({ ...asked, url, version: named.version!, digest: named.digest! })
    if (dryRun || registered.waiting?.has(architecture)) return registered
    const now = { url, digest: registered.record.digest ?? '' }
    const [known] = await facts.read(id, [architecture])
    if (digest) await rememberClaimedDigest(facts, { record: registered.record, architecture, digest, now: parts.now().toISOString() })
    if (!known || !applies(known, now) || known.status === 'gone') await parts.verification.registered(registered.record, { publicUrl })
    return registered
  }

  return {
    async container(id) {
      const view = await views.find(id)
      if (view) return view
      throw new CatalogueError('container_unknown', `container not found: ${id}`)
    },

    get: async ({ id, architecture }) => answer(architecture, await records.read(id)),

    put: async (image) => answer(image.architecture, await register(image)),

    async drop(asked) {
      const dropped = await records.drop(asked)
      return { container: await views.of(dropped), released: dropped.released }
    },

    async copy({ from, ...asked }) {
      const { id, architecture } = asked
      const other = await records.read(from)
      const known = await currentFacts(facts, other.record)
      const { url } = resolveImage(other.record, architecture, { facts: [...known.values()] })
      const proven = known.get(architecture)
      const digest = proven?.given ?? proven?.config ?? other.record.digest
      const imageKey = records.imageKeyOf(id, architecture)
      const carried = (imageKey: ImageKey, of: string | undefined) => ({
        ...proven!,
        container: id,
        imageKey,
        digest: of ?? '',
        given: digest ?? null
      })
      const carries = proven && !asked.dryRun
      if (carries && imageKey !== architecture) await facts.write(carried(imageKey, digest))
      const registered = await register({ ...asked, url, digest })
      if (carries && !registered.waiting?.has(architecture)) await facts.learn(carried(architecture, registered.record.digest))
      return answer(architecture, registered)
    },

    async upload(upload) {
      if (upload.dryRun) await checkRoom(upload.size ?? 0)
      const { architecture, proof, ...registered } = await uploadTarball({ ...parts, records }, upload)
      return answer(architecture, { ...registered, learnt: upload.dryRun ? proof : undefined })
    },

    checkRoom,

    async report({ path, ...asked }) {
      const target = await targetOf(asked)
      if (path !== undefined) return { ...(await readTarball(parts, target, { by: 'report', path })).inspection.report }
      const known = target.facts?.report
      // whose digest the record has is asked now: another image may have brought it another one since
      if (known) return { ...known, digest: answerDigest(target.given ?? target.digest, known as unknown as ImageReport) }
      throw new CatalogueError(
        'image_unproven',
        `nobody has read the image for ${asked.architecture} of ${asked.id} yet; POST …/images/${asked.architecture.replace('/', '-')}/verify does`
      )
    },

    async verify(asked) {
      const { id, architecture } = asked
      const waiting = (await buildStatuses.find(id))?.pending
      const target = waiting?.has(architecture) ? waitingTarget(asked, waiting.get(architecture)!) : await targetOf(asked)
      const { proven } = await readAndLearn(parts, target, { by: 'verify', dryRun: asked.dryRun })
      if (target.imageKey !== architecture && !asked.dryRun) await settle(id, asked.cause)
      const known = (await records.find(id)) ?? { record: fromDocument(id, '{}'), revision: '' }
      const left = (await buildStatuses.find(id))?.pending
      return answer(architecture, { ...known, ...(left && { waiting: left }), learnt: asked.dryRun ? proven : undefined })
    },

    async relabel({ id, architecture, ...circumstances }) {
      const target = await targetOf({ id, architecture, ...circumstances })
      const to = target.facts?.architecture
      if (!target.facts || target.facts.verdict === 'unverified') {
        throw new CatalogueError('image_unproven', `nobody has read the image for ${architecture} of ${id} yet; verify it first`)
      }
      if (!to || to === architecture) {
        const mend = target.facts.verdict === 'mislabelled' ? '; only building it again changes what is inside' : ''
        throw new CatalogueError(
          'image_refused',
          `the image for ${architecture} of ${id} is not proven to be for another one: ${target.facts.summary}${mend}`
        )
      }
      // read again under its new claim, so that what is known of it is about what it is registered as
      const { facts: proven } = await readTarball(parts, { ...target, imageKey: to }, { by: 'relabel' })
      const registered = await records.move({ ...circumstances, id, from: architecture, to, url: target.url })
      const learnt = { ...proven, digest: registered.record.digest ?? '' }
      if (circumstances.dryRun) return answer(to, { ...registered, learnt })
      await facts.learn(learnt)
      await facts.remove(id, architecture)
      return answer(to, registered)
    },

    async download(asked) {
      const { url, key, facts: proven } = await targetOf(asked)
      const last = percentDecoded((key ?? url).split(/[?#]/)[0]!.split('/').at(-1)!)
      return { filename: last || 'image.tar', key, url, sha256: proven?.sha256 ?? undefined }
    },

    open: (key, options) => blobs.get(key, options),
    head: (key) => blobs.head(key),
    presign: (key, options) => blobs.presign(key, options)
  }
}
