/** Wakes a single waiter. A ring that arrives while nobody waits is kept for the next waiter. */
export function createBell() {
  let rung = false
  let wakeUp = () => {}
  return {
    ring(): void {
      rung = true
      wakeUp()
    },
    /** Forgets a ring that no waiter has consumed. */
    hush(): void {
      rung = false
    },
    /** Resolves to true when the bell rings, or to false after `withinMs` milliseconds. */
    async heard(withinMs: number): Promise<boolean> {
      if (!rung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, withinMs)
          wakeUp = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
      const was = rung
      rung = false
      return was
    }
  }
}
