import type { ByteSource } from './blob-store.ts'

/** How a source ended: with its own error, where it failed. */
export type Ending = { broken: false } | { broken: true; error: unknown }

/**
 * Gives each chunk of a source to `take`. It returns the source's own failure and throws ours, so that an adapter can tell a client
 * that went away from a full disk; in both cases the source is closed.
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
