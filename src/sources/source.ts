import type { Readable } from 'node:stream'

export interface SourceOptions {
  /** Ends the request at any moment, with the signal's reason. */
  signal?: AbortSignal
}

/** What is known about a tarball without reading it. Values that the server does not report are absent. */
export interface SourceInfo {
  size?: number
  /** Only for comparison with an earlier one of the same URL. */
  etag?: string
  /** ISO 8601. */
  modified?: string
  /** The final URL, after redirects, without secrets. */
  via: string
}

export interface OpenSource extends SourceInfo {
  /** Yields the bytes as stored, never decompressed, or fails with one of the errors below. Destroy it unless you read it to its end. */
  stream: Readable
}

/**
 * Reads tarballs by the URLs under which they were registered, as far as the site's policy allows. Callers read URLs of our own store
 * directly, not here. Both methods throw source_forbidden (the policy does not allow it), source_unsupported (it cannot be read here),
 * source_gone (it no longer exists), source_unavailable (try again later), and too_large.
 */
export interface TarballSources {
  open(url: string, options?: SourceOptions): Promise<OpenSource>
  /** Returns what is known about a tarball without reading it. */
  probe(url: string, options?: SourceOptions): Promise<SourceInfo>
}
