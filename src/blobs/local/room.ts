import { statfs } from 'node:fs/promises'
import { CatalogueError } from '../../domain/errors.ts'
import { onDisk } from './disk.ts'

export type Room = ReturnType<typeof createRoom>

/** Tracks the free space of a file system, minus a margin for other programs and the bytes reserved for uploads of a declared size. */
export function createRoom(root: string, reserve: number) {
  const promises = new Map<string, number>()
  let promised = 0

  const available = async (by?: string) => {
    const { bavail, bsize } = await statfs(root)
    const toOthers = promised - (promises.get(by ?? '') ?? 0)
    return Math.max(0, bavail * bsize - reserve - toOthers)
  }

  /** Sets how many bytes an upload has yet to send; 0 releases its reservation. */
  function remains(by: string, bytes: number): void {
    promised -= promises.get(by) ?? 0
    promises.delete(by)
    if (bytes <= 0) return
    promises.set(by, bytes)
    promised += bytes
  }

  /** Throws store_full when this many bytes do not fit beside what is reserved for other uploads. */
  async function check(bytes: number, by?: string): Promise<void> {
    const left = await onDisk(available(by))
    if (bytes <= left && left > 0) return
    const others = promises.size - (promises.has(by ?? '') ? 1 : 0)
    const beside = others === 0 ? '' : `, beside what ${others} uploads that are under way were promised; end some (GET /api/v1/uploads)`
    const message = `the object store is full: ${bytes} bytes are to be stored, and there is room for ${left}${beside}`
    throw new CatalogueError('store_full', message)
  }

  return {
    /** Returns how many bytes are neither in use nor reserved for uploads. */
    available: () => available(),
    check,
    /** Reserves bytes for an upload. Throws store_full when too little space is left. */
    async promise(by: string, bytes: number): Promise<void> {
      // first, so that two at once are not both promised the same room
      remains(by, bytes)
      try {
        await check(bytes, by)
      } catch (error) {
        remains(by, 0)
        throw error
      }
    },
    remains
  }
}
