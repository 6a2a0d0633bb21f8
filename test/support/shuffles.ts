/** A list in many orders, the same ones in every run: for what must not depend on order. */
export function shuffles<T>(items: readonly T[], count: number): T[][] {
  let seed = 1
  // a linear congruential generator: enough to stir a short list
  const below = (bound: number) => {
    seed = (seed * 1664525 + 1013904223) >>> 0
    return Math.floor((seed / 2 ** 32) * bound)
  }
  return Array.from({ length: count }, () => {
    const order = [...items]
    for (let i = order.length - 1; i > 0; i--) {
      const j = below(i + 1)
      ;[order[i], order[j]] = [order[j]!, order[i]!]
    }
    return order
  })
}
