import { type ContainerRecord, imagesByKey } from '../../domain/container/document.ts'
import { isCatalogueError } from '../../domain/errors.ts'
import { applies, type Facts, type ImageKey, isPendingKey } from '../../domain/image/facts.ts'
import { keyOfUrl } from '../../domain/image/storage.ts'
import { backoffMs, maxAttempts } from '../../domain/image/task.ts'
import type { Claimed, TaskQueue } from '../jobs/task-queue.ts'
import type { ImageLookup } from './image-lookup.ts'
import { isGone, type Learning, noteUnread, readAndLearn, type Target } from './tarball-reading.ts'

export interface VerificationParts extends Learning {
  imageAt: ImageLookup
  queue: TaskQueue
  /** Which images are read at all. */
  mode: 'off' | 'own' | 'all'
  addresses: () => readonly string[]
  /** For how long a task is somebody's without a sign of life. */
  leaseMs: number
  /** An image could not be read as nobody foresaw; it is tried again. */
  onFailure(error: unknown, what: string): void
}

export interface Verification {
  /**
   * To be called when a record was written: puts down what of it is to be read. It waits for no bytes, and where the site's policy lets
   * nothing of the record be read, not even for the store.
   */
  registered(record: ContainerRecord, options: { publicUrl: string }): Promise<void>
  /** The same of images of one container that wait to be published. */
  waits(images: readonly Unread[], options: { publicUrl: string }): Promise<void>
  /** The same as registered, and reads them now, but not for longer than that. */
  proven(record: ContainerRecord, options: { publicUrl: string; withinMs: number }): Promise<void>
  /** Does what is due, so many at once; how many there were. Throws when a task could neither be done nor put back. */
  work(options: { atOnce: number; signal: AbortSignal }): Promise<number>
  /** There is work. */
  wake(): void
  /** Wakes whoever waits for work. */
  onWork(listener: () => void): void
  /** Hears of each container of which an image was read, before the task is done: what it throws makes the task due again. */
  onProof(listener: ProofListener): void
}

type ProofListener = (container: string) => Promise<void>

/** An image as somebody names it. */
export interface Unread {
  container: string
  imageKey: ImageKey
  url: string
  digest: string
}

/** Who reads, as facts say it. */
const by = 'verification'

/** What does not change by itself, so that trying again would be of no use. */
const lasting = ['source_forbidden', 'source_unsupported', 'key_invalid', 'too_large'] as const

export function createVerification(parts: VerificationParts): Verification {
  const { imageAt, facts, queue, mode, addresses, leaseMs, onFailure } = parts
  let wake = () => {}
  let proved: ProofListener = async () => {}

  /** What of these may be read, and was not yet: ours, or with VERIFY=all whatever the policy then lets through. */
  async function unproven(images: readonly Unread[], publicUrl: string) {
    const own = [publicUrl, ...addresses()]
    const readable = images
      .map((image) => ({ ...image, key: keyOfUrl(image.url, own) }))
      .filter(({ key }) => mode !== 'off' && (key !== undefined || mode === 'all'))
    if (readable.length === 0) return []
    const { container } = readable[0]!
    const known = await facts.read(
      container,
      readable.map(({ imageKey }) => imageKey)
    )
    // who registers an image again that was gone may have brought it back
    const isProof = ({ verdict, status }: Facts) => verdict !== 'unverified' && status !== 'gone'
    const proven = (image: Unread) => known.some((one) => one.imageKey === image.imageKey && isProof(one) && applies(one, image))
    return readable
      .filter((image) => !proven(image))
      .map(({ imageKey, key = null }) => ({ kind: 'verify' as const, container, imageKey, key }))
  }

  /** As the record says now; undefined when it says nothing of this image any more. */
  async function targetOf({
    container,
    imageKey,
    key
  }: {
    container: string
    imageKey: ImageKey
    key: string | null
  }): Promise<Target | undefined> {
    const stands = await imageAt(container, imageKey)
    if (!stands) return undefined
    const { url, digest } = stands
    const [known] = await facts.read(container, [imageKey])
    const said = isPendingKey(imageKey) ? digest || null : null
    const given = known && applies(known, { url, digest }) ? known.given : said
    // the key was found under the address of a request, which is not known here: it holds for the URL that ends in it
    const kept = key !== null && keyOfUrl(url, [url.slice(0, Math.max(0, url.lastIndexOf('/storage/')))]) === key ? key : undefined
    return { container, imageKey, url, digest, given, key: kept ?? keyOfUrl(url, addresses()) }
  }

  async function prove(task: { container: string; imageKey: ImageKey; key: string | null }, signal: AbortSignal): Promise<void> {
    const target = await targetOf(task)
    if (!target) return facts.remove(task.container, task.imageKey)
    try {
      const { learnt } = await readAndLearn(parts, target, { by, signal })
      // another image has come while it was read, and may be one that nobody has read
      if (!learnt) await queue.add({ kind: 'verify', ...task })
      else await proved(target.container)
    } catch (error) {
      if (!isGone(error)) throw error
    }
  }

  async function carryOut(claimed: Claimed, signal: AbortSignal): Promise<void> {
    // not AbortSignal.any: the server's one long signal would keep a trace of each image
    const ending = new AbortController()
    const stop = () => ending.abort(signal.reason)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
    let lost = false
    const heartbeat = setInterval(() => {
      claimed.extend().then(
        (held) => {
          lost ||= !held
          if (lost) ending.abort(new Error('another replica has the task by now'))
        },
        () => {} // the store is away: the lease tells, in the end
      )
    }, leaseMs / 4)
    const { task } = claimed
    try {
      await prove(task, ending.signal)
      await claimed.finish()
    } catch (error) {
      if (signal.aborted) return claimed.postpone(0)
      if (!isCatalogueError(error) && !lost) onFailure(error, `the image of ${task.container} could not be read`)
      const tryAgain = task.attempts < maxAttempts && !isCatalogueError(error, ...lasting)
      const target = !tryAgain || isCatalogueError(error, 'source_unavailable') ? await targetOf(task) : undefined
      if (target) await noteUnread(parts, target, { by, status: 'unreachable', summary: (error as Error).message })
      if (tryAgain) return claimed.postpone(backoffMs(task.attempts))
      await claimed.finish()
    } finally {
      clearInterval(heartbeat)
      signal.removeEventListener('abort', stop)
    }
  }

  return {
    async registered(record, { publicUrl }) {
      const images = await unproven(imagesOf(record), publicUrl)
      for (const image of images) await queue.add(image)
      if (images.length > 0) wake()
    },

    async waits(images, { publicUrl }) {
      const unread = await unproven(images, publicUrl)
      for (const image of unread) await queue.add(image)
      if (unread.length > 0) wake()
    },

    async proven(record, { publicUrl, withinMs }) {
      const begun: Claimed[] = []
      for (const image of await unproven(imagesOf(record), publicUrl)) begun.push(await queue.begin(image))
      // what takes longer, or fails, is in the queue, and its turn comes again
      const signal = AbortSignal.timeout(withinMs)
      await Promise.allSettled(begun.map((one) => carryOut(one, signal)))
      if (signal.aborted) wake()
    },

    async work({ atOnce, signal }) {
      const claimed = await queue.claim('verify', atOnce)
      const ends = await Promise.allSettled(claimed.map((one) => carryOut(one, signal)))
      // neither done nor put back: their leases end, and they are tried again
      for (const end of ends) if (end.status === 'rejected') throw end.reason
      return claimed.length
    },

    wake: () => wake(),

    onWork(listener) {
      wake = listener
    },

    onProof(listener) {
      proved = listener
    }
  }
}

function imagesOf(record: ContainerRecord): Unread[] {
  const { id: container, digest = '' } = record
  return imagesByKey(record).map(([imageKey, url]) => ({ container, imageKey, url, digest }))
}
