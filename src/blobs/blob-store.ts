import type { Readable } from 'node:stream'

/** What every store checks of bytes, for who reads them without storing any. */
export { checkGrowth, checkStored, type Expected } from './expectations.ts'

/**
 * Bytes as they arrive. A chunk belongs to the store once it was handed over. When the source throws, nothing is stored and the
 * caller gets that very error.
 */
export type ByteSource = AsyncIterable<Uint8Array>

export interface BlobInfo {
  key: string
  size: number
  /** When it came to stand under this key. */
  modified: Date
  /** Hexadecimal. Absent only for a file that somebody else put there. */
  sha256?: string
}

/** Positions as HTTP counts them: `last` is included, and may lie beyond the end. */
export type ByteRange = { first: number; last?: number } | { suffix: number }

export interface OpenBlob extends BlobInfo {
  /** The bytes from `first` to `last`. Whoever does not read it to its end destroys it. */
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
  /** What the bytes must be. Knowing it beforehand spares the S3 adapter a copy inside S3. */
  expected?: Partial<StoredBytes>
  /** Throws already_exists, also when several are putting at once: one of them wins. */
  onlyIfAbsent?: boolean
}

export type Put = StoredBytes & { key: string; created: boolean }

export interface BlobQuery {
  /** A key begins with it; it need not end at a slash. */
  prefix?: string
  /** What stands in one folder only, its folders named apart; `prefix` is then empty or ends with a slash. */
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
  /** Where to go on; absent on the last page. A page may be short, or empty, and still have a next one. */
  next?: string
}

/** Something that an interrupted write left behind and nothing refers to. */
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
  /** How many bytes are kept for good: where the next piece begins. */
  offset: number
  /** How many there will be, when it was said. */
  size?: number
  created: Date
  /** When something last arrived. */
  touched: Date
  /** The caller's own words, as it gave them. */
  note: string
  /** The blob that it has become, when that was to be remembered. */
  placed?: Put
  /** It has ended: it takes no more bytes and keeps none, and the note says how. */
  ended: boolean
}

export interface NewUpload {
  size?: number
  note?: string
  /** Where it will stand, and what it must be, if both are known yet: the S3 adapter then need not copy at the end. */
  key?: string
  sha256?: string
}

export interface FinishOptions extends PutOptions {
  key: string
  /** Whether the upload is remembered as `placed`: until `end`, whoever was cut off behind this can begin again. */
  keep?: boolean
}

export interface Uploads {
  /** Throws store_full when `size` is more than there is room for. */
  create(upload: NewUpload): Promise<Upload>
  get(id: string): Promise<Upload | undefined>
  /**
   * Adds bytes at the end. Throws upload_unknown; upload_conflict when `at` is not the offset, or another piece is just arriving;
   * size_mismatch when they are more than there were to be. When the source throws, what came before is kept, as far as `get` then says.
   */
  append(piece: { id: string; at: number; source: ByteSource }): Promise<Upload>
  /**
   * The bytes of a complete upload, before or after it was placed. Throws upload_unknown, size_mismatch while some are missing,
   * upload_conflict when it has ended or its key was told beforehand, blob_unknown when somebody has removed the blob that it had become.
   */
  read(id: string): Promise<Readable>
  /**
   * Makes a blob of it. Throws what `put` throws; digest_mismatch discards the upload, as no further byte can mend it, every other
   * error leaves it as it was. After a crash it can be called again.
   */
  finish(id: string, options: FinishOptions): Promise<Put>
  /** Lets go of its bytes, but for those that have become a blob, and keeps the note that says how it ended. Throws upload_unknown. */
  end(id: string, note: string): Promise<Upload>
  /** Whether there was one. */
  discard(id: string): Promise<boolean>
  list(): AsyncIterable<Upload>
}

export interface Folders {
  /** Whether something stands in it, or it was made. The root always exists. */
  exists(key: string): Promise<boolean>
  /** With its parents; false when there was one. It stays when its last blob goes. Throws blob_conflict under or onto a blob. */
  make(key: string): Promise<boolean>
  /** Whether there was one. Throws blob_conflict when something stands in it. */
  remove(key: string): Promise<boolean>
}

/**
 * Tarballs by key: segments between slashes, as `checkKey` takes them. test/blobs/contract.ts is its definition. A reader sees the old
 * bytes whole, nothing, or the new ones whole, and who has begun reading keeps the old ones. What was acknowledged is durable. Every
 * method throws key_invalid, and store_unavailable, with its cause, when the store cannot answer.
 */
export interface BlobStore {
  /**
   * Stores what the source yields, or nothing. The key may be chosen when the digest is known. Throws digest_mismatch, size_mismatch,
   * already_exists, store_full, and blob_conflict, naming it, when the key is a folder or lies under a blob.
   */
  put(key: string | ((stored: StoredBytes) => string), source: ByteSource, options?: PutOptions): Promise<Put>

  /** Throws range_invalid when no byte lies in the range, blob_damaged when the bytes are not there or too few. */
  get(key: string, options?: { range?: ByteRange }): Promise<OpenBlob | undefined>

  head(key: string): Promise<BlobInfo | undefined>

  /** Whether there was one to remove. */
  remove(key: string): Promise<boolean>

  /** Throws cursor_invalid. */
  list(query: BlobQuery): Promise<BlobPage>

  /** A URL by which anybody may get it for so long, without us; undefined where the store has no such thing. It may lead nowhere. */
  presign(key: string, options: { seconds: number; filename?: string }): Promise<string | undefined>

  folders: Folders
  uploads: Uploads

  /** Bytes that may still be stored; undefined where there is no such bound. */
  available(): Promise<number | undefined>

  /** What was left behind before that time; removed one by one, after it was named, when asked. */
  leftovers(options: { before: Date; remove?: boolean }): AsyncIterable<Leftover>

  health(): Promise<{ ok: boolean; reason?: string }>

  /** Lets go of connections. */
  close(): Promise<void>
}
