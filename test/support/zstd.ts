/** zstd without compressing: frames of raw and RLE blocks, which is all that a test needs, and `window` as its header tells it. */
export function zstd(bytes: Buffer, { window = 17, checksum = false }: { window?: number; checksum?: boolean } = {}): Buffer {
  const blocks: Buffer[] = []
  const size = 128 * 1024
  for (let at = 0; at === 0 || at < bytes.length; at += size) {
    const body = bytes.subarray(at, at + size)
    blocks.push(blockHeader({ last: at + size >= bytes.length, type: 0, size: body.length }), body)
  }
  return Buffer.concat([zstdHeader(window, checksum), ...blocks, Buffer.alloc(checksum ? 4 : 0)])
}

export const zstdHeader = (window: number, checksum = false) => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, checksum ? 4 : 0, (window - 10) << 3])

export function blockHeader({ last, type, size }: { last: boolean; type: 0 | 1; size: number }): Buffer {
  const header = Buffer.alloc(3)
  header.writeUIntLE((size << 3) | (type << 1) | (last ? 1 : 0), 0, 3)
  return header
}

/** Zeros by the gigabyte out of four bytes a block. */
export function zstdBomb(blocks: number): Buffer {
  const one = Buffer.concat([blockHeader({ last: false, type: 1, size: 128 * 1024 }), Buffer.alloc(1)])
  return Buffer.concat([
    zstdHeader(17),
    ...Array.from({ length: blocks }, () => one),
    blockHeader({ last: true, type: 1, size: 1 }),
    Buffer.alloc(1)
  ])
}
