/** Takes chunks one at a time from whoever gives them. */
interface Hand {
  /** Ends when the chunk was taken, or when nobody takes any more. */
  give(chunk: Uint8Array): Promise<void>
  end(): void
  chunks: AsyncIterable<Uint8Array>
}

function createHand(): Hand {
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
      } else if (ended) {
        return
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  }

  return {
    give(chunk) {
      if (ended) return Promise.resolve()
      return new Promise((taken) => {
        offered = { chunk, taken }
        wake()
      })
    },
    end() {
      ended = true
      offered?.taken()
      wake()
    },
    chunks: chunks()
  }
}

/**
 * The same bytes, read by an inspector in the same pass: who stores them and who inspects them hold one chunk each, and the slower one
 * sets the pace. It ends when the inspector has come to its end, so that what the inspector throws makes the stream fail, and nothing
 * is stored.
 */
export async function* inspectedStream(
  source: AsyncIterable<Uint8Array>,
  inspect: (bytes: AsyncIterable<Uint8Array>) => Promise<void>
): AsyncGenerator<Uint8Array> {
  const hand = createHand()
  const inspection = inspect(hand.chunks)
  // told below, to who reads; here only so that nobody waits for an inspector that is gone
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
