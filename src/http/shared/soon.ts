/** Resolves to the promise's value, or to undefined after `ms` milliseconds. */
export async function soon<T>(coming: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined)
  })
  return Promise.race([coming, late]).finally(() => clearTimeout(timer))
}
