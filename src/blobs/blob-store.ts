import { Readable } from 'node:stream'

/** The checks of every store, for callers that read bytes without storing them. */
export { checkGrowth, checkStored, type Expected } from './expectations.ts'
export { boundsOf } from './ranges.ts'

/** Returns bytes that are made while they are read as a stream, for callers without node:stream. */
export const streamOf = (bytes: AsyncIterable<Uint8Array>): Readable => Readable.from(bytes, { objectMode: false })

/** Bytes as they arrive; a chunk handed over is the store's. When the source throws, nothing is stored, and the caller gets its error. */
export type ByteSource = AsyncIterable<Uint8Array>

export interface BlobInfo {
  key: string
  size: number
  /** When it was stored under this key. */
  modified: Date
  /** Hexadecimal. Absent only for a file that another program placed there. */
  sha256?: string
}

/** Positions as in HTTP: `last` is inclusive, and may lie beyond the end. */
export type ByteRange = { first: number; last?: number } | { suffix: number }

export interface OpenBlob extends BlobInfo {
  /** The bytes from `first` to `last`. A caller that does not read the stream to its end must destroy it. */
  stream: Readable
  first: number
  /** The last byte's position, inclusive; `first - 1` for a blob without bytes. */
  last: number
}

export interface StoredBytes {
  sha256: string
  size: number
}

export interface PutOptions {
  /** The expected digest and size. When both are known beforehand, the S3 adapter need not copy the bytes inside S3. */
  expected?: Partial<StoredBytes>
  /** Throws already_exists when the key exists. Of several concurrent puts, one succeeds. */
  onlyIfAbsent?: boolean
}

export type Put = StoredBytes & { key: string; created: boolean }

export interface BlobQuery {
  /** The start of the keys; it need not end at a slash. */
  prefix?: string
  /** Lists only one folder, with its subfolders in `folders`; `prefix` is then empty or ends with a slash. */
  shallow?: boolean
  /** 1 to 1000 entries a page. */
  limit: number
  cursor?: string
}

export interface BlobPage {
  /** Ordered by key, compared as UTF-8 bytes. Without sha256, which only `head` returns. */
  items: BlobInfo[]
  /** Keys of folders, in a shallow list. */
  folders: string[]
  /** The cursor of the next page; absent on the last one. A page may be short, or empty, and still have a next one. */
  next?: string
}

/** Remains of an interrupted write, which nothing refers to. */
export interface Leftover {
  name: string
  size?: number
  modified: Date
  /** A description, for an operator. */
  what: string
}

/** An upload that arrives in pieces, over hours and restarts. */
export interface Upload {
  id: string
  /** How many bytes are durable; the next piece begins here. */
  offset: number
  /** The total size, where the client announced it. */
  size?: number
  created: Date
  /** When bytes last arrived. */
  touched: Date
  /** The caller's own text. */
  note: string
  /** The blob that was made from the upload, if `finish` was told to keep it. */
  placed?: Put
  /** Whether the upload has ended: then it accepts and keeps no bytes, and the note says how it ended. */
  ended: boolean
}

export interface NewUpload {
  size?: number
  note?: string
  /** The key and the expected bytes, where both are known already: then the S3 adapter need not copy at the end. */
  key?: string
  sha256?: string
}

export interface FinishOptions extends PutOptions {
  key: string
  /** Keeps the upload, with `placed` set, until `end`, so that an interrupted caller can try again. */
  keep?: boolean
}

export interface Uploads {
  /** Throws store_full when there is no room for `size` bytes. */
  create(upload: NewUpload): Promise<Upload>
  get(id: string): Promise<Upload | undefined>
  /**
   * Appends bytes. Throws upload_unknown; upload_conflict when `at` is not the offset, or another piece is arriving; size_mismatch when
   * more bytes arrive than were announced. When the source throws, the bytes that arrived before are kept, up to the offset that `get`
   * returns.
   */
  append(piece: { id: string; at: number; source: ByteSource }): Promise<Upload>
  /**
   * Returns the bytes of a complete upload, before or after `finish`. Throws upload_unknown; size_mismatch while bytes are missing;
   * upload_conflict when the upload has ended or its key was given beforehand; blob_unknown when the blob made from it was removed.
   */
  read(id: string): Promise<Readable>
  /**
   * Makes a blob from the upload. Throws the errors of `put`. digest_mismatch discards the upload, because no further byte can help; every
   * other error leaves it unchanged. It can be repeated after a crash.
   */
  finish(id: string, options: FinishOptions): Promise<Put>
  /** Discards the bytes of an upload, unless a blob was made from them, and stores a note that says how it ended. Throws upload_unknown. */
  end(id: string, note: string): Promise<Upload>
  /** Returns whether there was one. */
  discard(id: string): Promise<boolean>
  list(): AsyncIterable<Upload>
}

export interface Folders {
  /** Returns whether the folder contains a blob or was created by `make`. The root always exists. */
  exists(key: string): Promise<boolean>
  /** Creates a lasting folder with its parents; returns false when it exists. Throws blob_conflict when it is, or lies under, a blob. */
  make(key: string): Promise<boolean>
  /** Returns whether there was one. Throws blob_conflict when it is not empty. */
  remove(key: string): Promise<boolean>
}

/**
 * Tarballs by key: segments between slashes, as `checkKey` accepts them. test/blobs/contract.ts defines its behaviour. A reader sees the
 * old bytes whole, nothing, or the new bytes whole, and keeps the bytes that it began to read. Acknowledged writes are durable. Every
 * method throws key_invalid, and store_unavailable, with the cause, when the store cannot answer.
 */
export interface BlobStore {
  /**
   * Stores all bytes of the source, or nothing. The key may be a function of the digest. Throws digest_mismatch, size_mismatch,
   * already_exists, store_full, and blob_conflict when the key is a folder or lies under a blob, which the message names.
   */
  put(key: string | ((stored: StoredBytes) => string), source: ByteSource, options?: PutOptions): Promise<Put>

  /** Throws range_invalid when the range contains no byte, blob_damaged when bytes are missing. */
  get(key: string, options?: { range?: ByteRange }): Promise<OpenBlob | undefined>

  head(key: string): Promise<BlobInfo | undefined>

  /** Returns whether there was one to remove. */
  remove(key: string): Promise<boolean>

  /** Throws cursor_invalid. */
  list(query: BlobQuery): Promise<BlobPage>

  /** Returns a URL from which any client can read the blob, if it exists, for so many seconds; undefined where a store has no such URLs. */
  presign(key: string, options: { seconds: number; filename?: string }): Promise<string | undefined>

  folders: Folders
  uploads: Uploads

  /** Returns how many bytes may still be stored; undefined where there is no bound. */
  available(): Promise<number | undefined>

  /** Yields the leftovers from before that time; with `remove`, removes each after yielding it. */
  leftovers(options: { before: Date; remove?: boolean }): AsyncIterable<Leftover>

  health(): Promise<{ ok: boolean; reason?: string }>

  /** Closes connections. */
  close(): Promise<void>
}
