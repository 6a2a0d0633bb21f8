import { type ContainerRecord, imagesByKey } from '../../domain/container/document.ts'
import { isCatalogueError } from '../../domain/errors.ts'
import { applies, type Facts, type ImageClaim, type ImageKey, isPendingKey } from '../../domain/image/facts.ts'
import { keyOfUrl } from '../../domain/image/storage.ts'
import { backoffMs, maxTaskAttempts } from '../../domain/image/task.ts'
import type { Claimed, TaskQueue } from '../jobs/task-queue.ts'
import type { ImageLookup } from './image-facts.ts'
import { isGone, type LearningParts, noteUnread, type ReadingTarget, readAndLearn } from './tarball-reading.ts'

export interface VerifierParts extends LearningParts {
  imageAt: ImageLookup
  queue: TaskQueue
  /** Which images are read at all. */
  mode: 'off' | 'own' | 'all'
  addresses: () => readonly string[]
  /** How long a claimed task stays with a replica that shows no sign of life. */
  leaseMs: number
  /** Called for unexpected errors; the image is tried again. */
  onFailure(error: unknown, what: string): void
}

/** Reads images in the background, and notes what they are. */
export interface Verifier {
  /**
   * Adds a task for each image of a record that is to be read; to be called after the record was written. Waits for no bytes and, where the
   * site's policy lets nothing of the record be read, not even for the store.
   */
  registered(record: ContainerRecord, options: { publicUrl: string }): Promise<void>
  /** Does the same for pending images of one container. */
  waits(images: readonly UnreadImage[], options: { publicUrl: string }): Promise<void>
  /** Does the same as registered, and reads the images now, for that long at most. */
  proven(record: ContainerRecord, options: { publicUrl: string; withinMs: number }): Promise<void>
  /** Carries out tasks that are due, `atOnce` at most. Returns how many there were. Throws when a task could neither be done nor postponed. */
  work(options: { atOnce: number; signal: AbortSignal }): Promise<number>
  /** Wakes the loop: there is work. */
  wake(): void
  /** Sets what wakes the loop. */
  onWork(listener: () => void): void
  /** Subscribes to containers of which an image was read. The task is due again when the listener throws. */
  onProof(listener: ProofListener): void
}

type ProofListener = (container: string) => Promise<void>

/** An image of a container that nobody may have read yet. */
export interface UnreadImage extends ImageClaim {
  container: string
  imageKey: ImageKey
}

interface ImageTask {
  container: string
  imageKey: ImageKey
  key: string | null
}

/** Who reads, as facts name it. */
const by = 'verification'

/** Refusals that last, so that another attempt is of no use. */
const lasting = ['source_forbidden', 'source_unsupported', 'key_invalid', 'too_large'] as const

export function createVerifier(parts: VerifierParts): Verifier {
  const { queue } = parts
  let wake = () => {}
  let proved: ProofListener = async () => {}
  const carryOutOne = (claimed: Claimed, signal: AbortSignal) => carryOut(parts, { claimed, signal, proved })

  async function enqueue(images: readonly UnreadImage[], publicUrl: string): Promise<void> {
    const tasks = await tasksFor(parts, images, publicUrl)
    for (const task of tasks) await queue.add({ kind: 'verify', ...task })
    if (tasks.length > 0) wake()
  }

  return {
    registered: (record, { publicUrl }) => enqueue(unreadImagesOf(record), publicUrl),
    waits: (images, { publicUrl }) => enqueue(images, publicUrl),

    async proven(record, { publicUrl, withinMs }) {
      const begun: Claimed[] = []
      for (const task of await tasksFor(parts, unreadImagesOf(record), publicUrl)) {
        begun.push(await queue.begin({ kind: 'verify', ...task }))
      }
      // what takes longer, or fails, stays in the queue
      const signal = AbortSignal.timeout(withinMs)
      await Promise.allSettled(begun.map((one) => carryOutOne(one, signal)))
      if (signal.aborted) wake()
    },

    async work({ atOnce, signal }) {
      const claimed = await queue.claim('verify', atOnce)
      const ends = await Promise.allSettled(claimed.map((one) => carryOutOne(one, signal)))
      // neither done nor postponed: their leases end, and they are tried again
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

function unreadImagesOf(record: ContainerRecord): UnreadImage[] {
  const { id: container, digest = '' } = record
  return imagesByKey(record).map(([imageKey, url]) => ({ container, imageKey, url, digest }))
}

/** Returns a task for each image that may be read and is not proven yet: one of our own store, or any where the mode is `all`. */
async function tasksFor(parts: VerifierParts, images: readonly UnreadImage[], publicUrl: string): Promise<ImageTask[]> {
  const { facts, mode, addresses } = parts
  const own = [publicUrl, ...addresses()]
  const readable = images
    .map((image) => ({ ...image, key: keyOfUrl(image.url, own) }))
    .filter(({ key }) => mode !== 'off' && (key !== undefined || mode === 'all'))
  if (readable.length === 0) return []
  const { container } = readable[0]!
  const keys = readable.map(({ imageKey }) => imageKey)
  const found = await facts.read(container, keys)
  // an image that was gone may be there again when it is registered again
  const isProof = ({ verdict, status }: Facts) => verdict !== 'unverified' && status !== 'gone'
  const isProven = (image: UnreadImage) => found.some((one) => one.imageKey === image.imageKey && isProof(one) && applies(one, image))
  return readable.filter((image) => !isProven(image)).map(({ imageKey, key = null }) => ({ container, imageKey, key }))
}

/** Returns what to read, as the record says it now; undefined when the record has no such image any more. */
async function targetOf({ imageAt, facts, addresses }: VerifierParts, task: ImageTask): Promise<ReadingTarget | undefined> {
  const { container, imageKey, key } = task
  const image = await imageAt(container, imageKey)
  if (!image) return undefined
  const { url, digest } = image
  const [current] = await facts.read(container, [imageKey])
  const claimedDigest = isPendingKey(imageKey) ? digest || null : null
  const given = current && applies(current, image) ? current.given : claimedDigest
  // the key was found under the address of a request, which is not known here: it holds for the URL that ends in it
  const kept = key !== null && keyOfUrl(url, [url.slice(0, Math.max(0, url.lastIndexOf('/storage/')))]) === key ? key : undefined
  return { container, imageKey, url, digest, given, key: kept ?? keyOfUrl(url, addresses()) }
}

interface TaskUnderWay {
  claimed: Claimed
  signal: AbortSignal
  proved: ProofListener
}

async function carryOut(parts: VerifierParts, { claimed, signal, proved }: TaskUnderWay): Promise<void> {
  const { task } = claimed
  const lease = holdLease(claimed, { ...parts, signal })
  try {
    await prove(parts, task, { signal: lease.signal, proved })
    await claimed.finish()
  } catch (error) {
    if (signal.aborted) return claimed.postpone(0)
    if (!isCatalogueError(error) && !lease.isLost()) parts.onFailure(error, `the image of ${task.container} could not be read`)
    const tryAgain = task.attempts < maxTaskAttempts && !isCatalogueError(error, ...lasting)
    const target = !tryAgain || isCatalogueError(error, 'source_unavailable') ? await targetOf(parts, task) : undefined
    if (target) await noteUnread(parts, target, { by, status: 'unreachable', summary: (error as Error).message })
    if (tryAgain) return claimed.postpone(backoffMs(task.attempts))
    await claimed.finish()
  } finally {
    lease.release()
  }
}

async function prove(parts: VerifierParts, task: ImageTask, { signal, proved }: Omit<TaskUnderWay, 'claimed'>): Promise<void> {
  const { container, imageKey, key } = task
  const target = await targetOf(parts, task)
  if (!target) return parts.facts.remove(container, imageKey)
  try {
    const { learnt } = await readAndLearn(parts, target, { by, signal })
    // another image came while this one was read, and may be one that nobody has read
    if (!learnt) await parts.queue.add({ kind: 'verify', container, imageKey, key })
    else await proved(container)
  } catch (error) {
    if (!isGone(error)) throw error
  }
}

interface HeldTask extends Pick<VerifierParts, 'leaseMs' | 'readings'> {
  signal: AbortSignal
}

/** Extends the lease of a task for as long as it is under way. */
function holdLease(claimed: Claimed, { leaseMs, readings, signal }: HeldTask) {
  // not AbortSignal.any: the server's one long-lived signal would keep a reference for each image
  const ending = new AbortController()
  const stop = () => ending.abort(signal.reason)
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  let lost = false
  const heartbeat = setInterval(() => {
    claimed.extend(readings.progressOf(claimed.task)).then(
      (held) => {
        lost ||= !held
        if (lost) ending.abort(new Error('another replica has taken the task over'))
      },
      () => {} // the store is away: whether the lease is lost shows later
    )
  }, leaseMs / 4)
  return {
    /** Aborts with the server's signal, and when another replica has taken the task over. */
    signal: ending.signal,
    isLost: () => lost,
    release(): void {
      clearInterval(heartbeat)
      signal.removeEventListener('abort', stop)
    }
  }
}
