import type { Readable } from 'node:stream'

/** Positions as in HTTP: `last` is included, and may lie beyond the end. */
export interface SourceRange {
  first: number
  last?: number
}

export interface SourceOptions {
  /** Ends it at any moment, with the signal's reason. */
  signal?: AbortSignal
  /** When everything must end, including the stream, on the clock of Date.now(). */
  deadline?: number
}

export interface OpenOptions extends SourceOptions {
  range?: SourceRange
}

/** What is known of a tarball without reading it. What the server does not say is absent. */
export interface SourceInfo {
  /** Of the whole tarball, also where a range was requested. */
  size?: number
  /** Only to compare with an earlier one of the same URL. */
  etag?: string
  /** ISO 8601. */
  modified?: string
  /** Where it was found, after redirects, without secrets. */
  via: string
}

export interface OpenSource extends SourceInfo {
  /**
   * The bytes as they are stored, never decompressed. It fails with the errors below; a caller that does not read it to its end
   * must destroy it.
   */
  stream: Readable
}

/**
 * Tarballs by the URLs under which they were registered, as far as the site's policy allows. A URL of our own store is not for here: callers
 * read that directly. Both methods throw source_forbidden (the policy does not allow it), source_unsupported (it cannot be read here),
 * source_gone (it is not there any more), source_unavailable (try
 * again later), and too_large; `open` also range_invalid.
 */
export interface TarballSources {
  open(url: string, options?: OpenOptions): Promise<OpenSource>
  /** Returns what is known of it, without reading it. */
  probe(url: string, options?: SourceOptions): Promise<SourceInfo>
}
