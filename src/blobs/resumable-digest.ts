/** A SHA-256 that can be saved and continued in another process. node:crypto is four times as fast, but cannot do this. */
export interface ResumableDigest {
  update(chunk: Uint8Array): void
  /** Returns the state of the digest so far. */
  save(): string
  /** Ends the digest, and returns it as hexadecimal text. */
  hex(): string
}

export async function createResumableDigest(saved?: string): Promise<ResumableDigest> {
  const { createSHA256 } = await import('hash-wasm')
  const hasher = await createSHA256()
  hasher.init()
  if (saved) hasher.load(Buffer.from(saved, 'base64'))
  return {
    update: (chunk) => {
      hasher.update(chunk)
    },
    save: () => Buffer.from(hasher.save()).toString('base64'),
    hex: () => hasher.digest('hex')
  }
}
