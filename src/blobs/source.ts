import type { ByteSource } from './blob-store.ts'

/** How a source ended: with its own error, when it broke off. */
export type Ending = { broken: false } | { broken: true; error: unknown }

/**
 * Gives each chunk of a source to `take`. The source's own failure is an answer, ours is thrown, so that an adapter can tell a client
 * that went away from a disk that is full; in both cases the source is let go of.
 */
export async function readSource(source: ByteSource, take: (chunk: Uint8Array) => Promise<void> | undefined): Promise<Ending> {
  const iterator = source[Symbol.asyncIterator]()
  let open = true
  try {
    for (;;) {
      let step: IteratorResult<Uint8Array>
      try {
        step = await iterator.next()
      } catch (error) {
        open = false
        return { broken: true, error }
      }
      if (step.done) {
        open = false
        return { broken: false }
      }
      await take(step.value)
    }
  } finally {
    if (open) await iterator.return?.()
  }
}
