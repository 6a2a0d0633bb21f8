import type { ByteSource } from './blob-store.ts'

/** How a source ended: complete, or broken by its own error. */
export type Ending = { broken: false } | { broken: true; error: unknown }

/** Passes chunks to `take`, and closes the source. Returns the source's failure and throws those of `take`: a lost client is no full disk. */
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
