import type { Readable } from 'node:stream'

/** What every store checks of bytes, for callers that read them without storing any. */
export { checkGrowth, checkStored, type Expected } from './expectations.ts'

/**
 * Bytes as they arrive. A chunk belongs to the store once it was handed over. When the source throws, nothing is stored, and the caller
 * gets that error.
 */
export type ByteSource = AsyncIterable<Uint8Array>

export interface BlobInfo {
  key: string
  size: number
  /** When it was stored under this key. */
  modified: Date
  /** Hexadecimal. Absent only for a file that another program put there. */
  sha256?: string
}

/** Positions as in HTTP: `last` is included, and may lie beyond the end. */
export type ByteRange = { first: number; last?: number } | { suffix: number }

export interface OpenBlob extends BlobInfo {
  /** The bytes from `first` to `last`. A caller that does not read it to its end must destroy it. */
  stream: Readable
  first: number
  /** Included; `first - 1` for a blob without bytes. */
  last: number
}

export interface StoredBytes {
  sha256: string
  size: number
}

export interface PutOptions {
  /** What the bytes must be. Known beforehand, it spares the S3 adapter a copy inside S3. */
  expected?: Partial<StoredBytes>
  /** Throws already_exists, also when several put at once: one of them wins. */
  onlyIfAbsent?: boolean
}

export type Put = StoredBytes & { key: string; created: boolean }

export interface BlobQuery {
  /** The start of the keys; it need not end at a slash. */
  prefix?: string
  /** Lists one folder only, with its folders apart; `prefix` is then empty or ends with a slash. */
  shallow?: boolean
  /** 1 to 1000 entries a page. */
  limit: number
  cursor?: string
}

export interface BlobPage {
  /** In the order of keys by bytes of UTF-8. Their sha256 is absent: `head` knows it. */
  items: BlobInfo[]
  /** Keys of folders, in a shallow list. */
  folders: string[]
  /** The cursor of the next page; absent on the last one. A page may be short, or empty, and still have a next one. */
  next?: string
}

/** Something that an interrupted write left behind, and that nothing refers to. */
export interface Leftover {
  name: string
  size?: number
  modified: Date
  /** In words, for an operator. */
  what: string
}

/** An upload that arrives in pieces, over hours and restarts. */
export interface Upload {
  id: string
  /** How many bytes are durable: where the next piece begins. */
  offset: number
  /** How many there will be, where the client said so. */
  size?: number
  created: Date
  /** When bytes last arrived. */
  touched: Date
  /** The caller's own text. */
  note: string
  /** The blob that was made of it, where that was to be remembered. */
  placed?: Put
  /** Whether it has ended: it accepts and keeps no bytes then, and the note says how it ended. */
  ended: boolean
}

export interface NewUpload {
  size?: number
  note?: string
  /** Where it is to be stored, and what it must be, where both are known yet: then the S3 adapter need not copy at the end. */
  key?: string
  sha256?: string
}

export interface FinishOptions extends PutOptions {
  key: string
  /** Whether the upload is remembered as `placed`: until `end`, a caller that was interrupted can begin again. */
  keep?: boolean
}

export interface Uploads {
  /** Throws store_full when `size` is more than there is room for. */
  create(upload: NewUpload): Promise<Upload>
  get(id: string): Promise<Upload | undefined>
  /**
   * Appends bytes. Throws upload_unknown; upload_conflict when `at` is not the offset, or another piece is arriving; size_mismatch when
   * there are more bytes than announced. When the source throws, what arrived before is kept, as far as `get` says then.
   */
  append(piece: { id: string; at: number; source: ByteSource }): Promise<Upload>
  /**
   * Returns the bytes of a complete upload, before or after it was placed. Throws upload_unknown, size_mismatch while some are missing,
   * upload_conflict when it has ended or its key was given beforehand, blob_unknown when the blob that was made of it was removed.
   */
  read(id: string): Promise<Readable>
  /**
   * Makes a blob of it. Throws what `put` throws. digest_mismatch discards the upload, as no further byte can help; every other error
   * leaves it as it was. After a crash it can be called again.
   */
  finish(id: string, options: FinishOptions): Promise<Put>
  /** Discards its bytes, unless a blob was made of them, and keeps the note that says how it ended. Throws upload_unknown. */
  end(id: string, note: string): Promise<Upload>
  /** Returns whether there was one. */
  discard(id: string): Promise<boolean>
  list(): AsyncIterable<Upload>
}

export interface Folders {
  /** Returns whether there is a blob in it, or it was made. The root always exists. */
  exists(key: string): Promise<boolean>
  /** Makes a folder with its parents; returns false when it exists. It stays when its last blob is removed. Throws blob_conflict under or onto a blob. */
  make(key: string): Promise<boolean>
  /** Returns whether there was one. Throws blob_conflict when it is not empty. */
  remove(key: string): Promise<boolean>
}

/**
 * Tarballs by key: segments between slashes, as `checkKey` accepts them. test/blobs/contract.ts is its definition. A reader sees the old
 * bytes whole, nothing, or the new ones whole, and one that has begun reading keeps the old ones. What was acknowledged is durable. Every
 * method throws key_invalid, and store_unavailable, with its cause, when the store cannot answer.
 */
export interface BlobStore {
  /**
   * Stores all that the source yields, or nothing. The key may be chosen when the digest is known. Throws digest_mismatch, size_mismatch,
   * already_exists, store_full, and blob_conflict when the key is a folder or lies under a blob, which it names.
   */
  put(key: string | ((stored: StoredBytes) => string), source: ByteSource, options?: PutOptions): Promise<Put>

  /** Throws range_invalid when no byte lies in the range, blob_damaged when the bytes are not there or too few. */
  get(key: string, options?: { range?: ByteRange }): Promise<OpenBlob | undefined>

  head(key: string): Promise<BlobInfo | undefined>

  /** Returns whether there was one to remove. */
  remove(key: string): Promise<boolean>

  /** Throws cursor_invalid. */
  list(query: BlobQuery): Promise<BlobPage>

  /** Returns a URL by which any client may read it for so long, without us; undefined where the store cannot. Nothing may be there. */
  presign(key: string, options: { seconds: number; filename?: string }): Promise<string | undefined>

  folders: Folders
  uploads: Uploads

  /** Returns how many bytes may still be stored; undefined where there is no bound. */
  available(): Promise<number | undefined>

  /** Yields what was left behind before that time; with `remove`, removes each after it was yielded. */
  leftovers(options: { before: Date; remove?: boolean }): AsyncIterable<Leftover>

  health(): Promise<{ ok: boolean; reason?: string }>

  /** Closes connections. */
  close(): Promise<void>
}
