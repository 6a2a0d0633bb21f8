import { Readable } from 'node:stream'

/** Returns bytes that are made while they are read as a stream, for callers without node:stream. */
export const streamOf = (bytes: AsyncIterable<Uint8Array>): Readable => Readable.from(bytes, { objectMode: false })
