import type { Readable } from 'node:stream'

/** Positions as HTTP counts them: `last` is included, and may lie beyond the end. */
export interface SourceRange {
  first: number
  last?: number
}

export interface SourceOptions {
  /** Ends it, at any moment, with the signal's own reason. */
  signal?: AbortSignal
  /** When all must be over, the reading of the stream too, as Date.now() counts. */
  deadline?: number
}

export interface OpenOptions extends SourceOptions {
  range?: SourceRange
}

/** What is known of a tarball without reading it. What the other side does not say is absent. */
export interface SourceInfo {
  /** Of the whole tarball, also where a range of it was asked for. */
  size?: number
  /** To compare with an earlier one of the same URL, and for nothing else. */
  etag?: string
  /** ISO 8601. */
  modified?: string
  /** Where it was found, after redirects, without secrets. */
  via: string
}

export interface OpenSource extends SourceInfo {
  /**
   * The bytes as they are stored, never decompressed. It fails with the refusals below; whoever does not read it to its end
   * destroys it.
   */
  stream: Readable
}

/**
 * Tarballs by the URLs under which they were registered, wherever these lead, as far as the site's policy allows. A URL of our own
 * store is not meant for here: whoever asks resolves it first, without a network. Both throw source_forbidden (the policy; asking again
 * is useless), source_unsupported (nothing here can read it; neither), source_gone (it is no longer there), source_unavailable (ask
 * again later), and too_large; `open` also range_invalid.
 */
export interface TarballSources {
  open(url: string, options?: OpenOptions): Promise<OpenSource>
  /** Whether it is still there, without reading it. */
  probe(url: string, options?: SourceOptions): Promise<SourceInfo>
}
