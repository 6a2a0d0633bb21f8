export type ResumableDigest = Awaited<ReturnType<typeof createResumableDigest>>

/** Makes a SHA-256 that can be saved and continued in another process. node:crypto is four times as fast, but cannot do this. */
export async function createResumableDigest(saved?: string) {
  const { createSHA256 } = await import('hash-wasm')
  const hasher = await createSHA256()
  hasher.init()
  if (saved) hasher.load(Buffer.from(saved, 'base64'))
  return {
    update: (chunk: Uint8Array): void => void hasher.update(chunk),
    /** Returns the state of the digest so far. */
    save: (): string => Buffer.from(hasher.save()).toString('base64'),
    /** Ends the digest, and returns it as hexadecimal text. */
    hex: (): string => hasher.digest('hex')
  }
}
