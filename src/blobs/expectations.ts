import { CatalogueError } from '../domain/errors.ts'
import type { PutOptions, StoredBytes } from './blob-store.ts'

export type Expected = NonNullable<PutOptions['expected']>

/** Checks the size while bytes arrive, so that an endless source is cut off. Throws size_mismatch. */
export function checkGrowth(size: number, expected: Expected = {}): void {
  if (expected.size !== undefined && size > expected.size) {
    throw new CatalogueError('size_mismatch', `expected ${expected.size} bytes, and more came; nothing was stored`)
  }
}

/** Returns what was stored, if it is what was expected. Throws size_mismatch or digest_mismatch. */
export function checkStored(stored: StoredBytes, expected: Expected = {}): StoredBytes {
  const { sha256, size } = stored
  if (expected.size !== undefined && size !== expected.size) {
    throw new CatalogueError('size_mismatch', `expected ${expected.size} bytes, but ${size} came; nothing was stored`)
  }
  if (expected.sha256 !== undefined && sha256 !== expected.sha256.toLowerCase()) {
    const message = `expected sha256:${expected.sha256}, but the bytes are sha256:${sha256}; nothing was stored`
    throw new CatalogueError('digest_mismatch', message)
  }
  return stored
}

export const alreadyThere = (key: string): CatalogueError => new CatalogueError('already_exists', `${key} exists already`)
