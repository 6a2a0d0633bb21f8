import { fromDocument, type Record } from '../domain/document.ts'
import { isCatalogueError } from '../domain/errors.ts'
import { applies, type Facts, type Slot } from '../domain/facts.ts'
import { keyOfUrl } from '../domain/storage.ts'
import { backoffMs, maxAttempts } from '../domain/task.ts'
import type { DocumentStore } from '../stores/document-store.ts'
import { type FactsBook, nothingKnown } from './facts.ts'
import { type ReadingParts, readTarball, type Target } from './tarball-reading.ts'
import type { Claimed, TaskQueue } from './task-queue.ts'

export interface VerificationParts extends ReadingParts {
  containers: DocumentStore
  facts: FactsBook
  queue: TaskQueue
  /** Which images are read at all. */
  mode: 'off' | 'own' | 'all'
  addresses: () => readonly string[]
  /** For how long a task is somebody's without a sign of life. */
  leaseMs: number
}

export interface Verification {
  /**
   * To be called when a record was written: puts down what of it is to be read. It waits for no bytes, and where the site's policy lets
   * nothing of the record be read, not even for the store.
   */
  registered(record: Record, options: { publicUrl: string }): Promise<void>
  /** The same, and reads them now, but not for longer than that. */
  proven(record: Record, options: { publicUrl: string; withinMs: number }): Promise<void>
  /** Does what is due, so many at once; how many there were. */
  work(options: { atOnce: number; signal: AbortSignal }): Promise<number>
  /** Wakes whoever waits for work. */
  onWork(listener: () => void): void
}

export function createVerification(parts: VerificationParts): Verification {
  const { containers, facts, queue, mode, addresses, now, leaseMs } = parts
  let wake = () => {}

  /** What of a record may be read: ours, or with VERIFY=all whatever the policy then lets through. */
  function readable(record: Record, publicUrl: string): { slot: Slot; url: string; key: string | undefined }[] {
    if (mode === 'off') return []
    const slots: [Slot, string][] = record.images.size > 0 ? [...record.images] : record.url === undefined ? [] : [['', record.url]]
    const own = [publicUrl, ...addresses()]
    return slots.map(([slot, url]) => ({ slot, url, key: keyOfUrl(url, own) })).filter(({ key }) => key !== undefined || mode === 'all')
  }

  /** What of a record may be read and was not yet. */
  async function unproven(record: Record, publicUrl: string) {
    const images = readable(record, publicUrl)
    if (images.length === 0) return []
    const known = await facts.read(
      record.id,
      images.map(({ slot }) => slot)
    )
    const proven = ({ slot, url }: { slot: Slot; url: string }) =>
      known.some((one) => one.slot === slot && one.verdict !== 'unverified' && applies(one, { url, digest: record.digest }))
    return images
      .filter((image) => !proven(image))
      .map(({ slot, key = null }) => ({ kind: 'verify' as const, container: record.id, slot, key }))
  }

  /** As the record says now; undefined when it says nothing of this image any more. */
  async function targetOf({ container, slot, key }: { container: string; slot: Slot; key: string | null }): Promise<Target | undefined> {
    const stored = await containers.get(container)
    if (!stored) return undefined
    const record = fromDocument(container, stored.document)
    const url = slot === '' ? (record.images.size === 0 ? record.url : undefined) : record.images.get(slot)
    if (url === undefined) return undefined
    const digest = record.digest ?? ''
    const [known] = await facts.read(container, [slot])
    const given = known && applies(known, { url, digest }) ? known.given : null
    // the key was found under the address of a request, which is not known here: it holds for the URL that ends in it
    const kept = key !== null && keyOfUrl(url, [url.slice(0, Math.max(0, url.lastIndexOf('/storage/')))]) === key ? key : undefined
    return { container, slot, url, digest, given, key: kept ?? keyOfUrl(url, addresses()) }
  }

  /** What was proven before stays proven; that it cannot be read now is said beside it. */
  async function notRead(target: Target, { status, summary }: Pick<Facts, 'status' | 'summary'>): Promise<void> {
    const [known] = await facts.read(target.container, [target.slot])
    const before = known && applies(known, target) && known.verdict !== 'unverified' ? known : { ...nothingKnown, ...target, summary }
    await facts.write({ ...before, key: target.key ?? null, status, checked: now().toISOString(), by: 'verification' })
  }

  async function prove(task: { container: string; slot: Slot; key: string | null }, signal: AbortSignal): Promise<void> {
    const target = await targetOf(task)
    if (!target) return facts.remove(task.container, task.slot)
    try {
      const { facts: proven } = await readTarball(parts, target, { by: 'verification', signal })
      await facts.write(proven)
    } catch (error) {
      if (!isCatalogueError(error, 'source_gone')) throw error
      await notRead(target, { status: 'gone', summary: error.message })
    }
  }

  async function carryOut(claimed: Claimed, signal: AbortSignal): Promise<void> {
    const lost = new AbortController()
    const heartbeat = setInterval(() => {
      claimed.extend().then(
        (held) => !held && lost.abort(new Error('another replica has the task by now')),
        () => {} // the store is away: the lease tells, in the end
      )
    }, leaseMs / 4)
    const { task } = claimed
    try {
      await prove(task, AbortSignal.any([signal, lost.signal]))
      await claimed.finish()
    } catch (error) {
      if (signal.aborted) return claimed.postpone(0)
      if (isCatalogueError(error, 'source_forbidden', 'source_unsupported', 'key_invalid', 'too_large')) return claimed.finish()
      if (task.attempts < maxAttempts) return claimed.postpone(backoffMs(task.attempts))
      const target = await targetOf(task)
      if (target) await notRead(target, { status: 'unreachable', summary: (error as Error).message })
      await claimed.finish()
    } finally {
      clearInterval(heartbeat)
    }
  }

  return {
    async registered(record, { publicUrl }) {
      const images = await unproven(record, publicUrl)
      for (const image of images) await queue.add(image)
      if (images.length > 0) wake()
    },

    async proven(record, { publicUrl, withinMs }) {
      const begun: Claimed[] = []
      for (const image of await unproven(record, publicUrl)) begun.push(await queue.begin(image))
      // what takes longer, or fails, is in the queue, and its turn comes again
      const signal = AbortSignal.timeout(withinMs)
      await Promise.allSettled(begun.map((one) => carryOut(one, signal)))
      if (signal.aborted) wake()
    },

    async work({ atOnce, signal }) {
      const claimed = await queue.claim('verify', atOnce)
      await Promise.allSettled(claimed.map((one) => carryOut(one, signal)))
      return claimed.length
    },

    onWork(listener) {
      wake = listener
    }
  }
}
