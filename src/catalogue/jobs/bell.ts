/** Wakes one waiter. A ring that nothing waits for is remembered until something does. */
export function createBell() {
  let rung = false
  let wakeUp = () => {}
  return {
    ring(): void {
      rung = true
      wakeUp()
    },
    /** Forgets a ring that was not heard. */
    hush(): void {
      rung = false
    },
    /** Resolves at a ring, to true, or after so many milliseconds, to false. */
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
