import { type Inspect, inspectImage } from '../../src/images/inspect-image.ts'

/** Reads one chunk of an image, then one more for each step, and all that are left once it is open. */
export function gatedInspect(): { inspect: Inspect; step(): void; open(): void } {
  let allowed = 1
  let wake = () => {}
  const allow = (more: number) => () => {
    allowed += more
    wake()
  }
  async function* gated(source: AsyncIterable<Uint8Array>) {
    let taken = 0
    for await (const chunk of source) {
      yield chunk
      taken++
      while (taken >= allowed) await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  const inspect: Inspect = (source, options) => inspectImage(gated(source), options)
  return { inspect, step: allow(1), open: allow(Number.POSITIVE_INFINITY) }
}
