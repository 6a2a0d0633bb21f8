import type { Test } from 'tap'
import type { BlobStore } from '../../src/blobs/blob-store.ts'
import { collect } from './bytes.ts'

/** Nothing is left behind, now or as soon as the store has tidied up. */
export async function leavesNothing(t: Test, store: BlobStore): Promise<void> {
  const before = new Date(Date.now() + 60_000)
  let left = await collect(store.leftovers({ before }))
  for (let i = 0; i < 50 && left.length > 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    left = await collect(store.leftovers({ before }))
  }
  t.same(left, [], 'nothing is left behind')
}
