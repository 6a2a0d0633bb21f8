import type { ByteSource } from './blob-store.ts'

/** How a source ended: complete, or broken by its own error. */
export type Ending = { broken: false } | { broken: true; error: unknown }

/**
 * Passes each chunk of a source to `take`. Returns the source's own failure and throws the failures of `take`, so that an adapter can tell
 * a disconnected client from a full disk. In both cases the source is closed.
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
