/** Hands chunks over one at a time. */
function createHandover() {
  let offered: { chunk: Uint8Array; taken: () => void } | undefined
  let ended = false
  let wake = () => {}

  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (offered) {
        const { chunk, taken } = offered
        offered = undefined
        yield chunk
        taken()
      } else if (ended) return
      else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  }

  return {
    /** Resolves when the chunk was taken, or when none is taken any more. */
    give(chunk: Uint8Array): Promise<void> {
      if (ended) return Promise.resolve()
      return new Promise((taken) => {
        offered = { chunk, taken }
        wake()
      })
    },
    end(): void {
      ended = true
      offered?.taken()
      wake()
    },
    chunks: chunks()
  }
}

/**
 * Yields the bytes of a source while an inspector reads them in the same pass. The reader and the inspector hold one chunk each, and the
 * slower one sets the pace. The stream ends after the inspector did and throws what the inspector throws, so that nothing is stored then.
 */
export async function* inspectedStream(
  source: AsyncIterable<Uint8Array>,
  inspect: (bytes: AsyncIterable<Uint8Array>) => Promise<void>
): AsyncGenerator<Uint8Array> {
  const hand = createHandover()
  const inspection = inspect(hand.chunks)
  // the reader gets the error below; here it only ends the wait for an inspector that has failed
  inspection.catch(() => hand.end())
  let complete = false
  try {
    for await (const chunk of source) {
      const taken = hand.give(chunk)
      yield chunk
      await taken
    }
    complete = true
  } finally {
    hand.end()
    if (!complete) await inspection.catch(() => {}) // what broke off the stream is what matters
  }
  await inspection
}
