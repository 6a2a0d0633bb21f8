import { basic } from '../domain/credentials.ts'
import type { BucketRule } from './bucket-rules.ts'
import { shownAddress, sourceError } from './refusals.ts'
import { parseS3, type S3Location } from './s3-location.ts'

export interface HttpLocation {
  kind: 'http'
  /** Without credentials and fragment. */
  url: URL
  /** The header's value. */
  authorization?: string
}

export interface FileLocation {
  kind: 'file'
  path: string
}

export type Location = HttpLocation | S3Location | FileLocation

/** Parses a URL as osaka does: workers fetch with osaka, and the file that they would fetch must be the one that is verified. */
export function parseLocation(text: string, { buckets }: { buckets: readonly BucketRule[] }): Location {
  // a URL parser drops line breaks and outer white space, which osaka keeps
  if (hasControl(text) || text !== text.trim()) {
    const message = `${shownAddress(JSON.stringify(text))} contains control characters, or begins or ends with white space; expected a URL`
    throw sourceError('source_unsupported', message)
  }
  if (text.startsWith('/')) return fileAt(text)
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase()
  if (scheme === 'file') return fileAt(filePath(text))
  if (scheme === 's3' || scheme === 's3s') return parseS3(text, { buckets })
  if (scheme && /^(http|dav)s?$/.test(scheme)) return parseHttp(text)
  const message = `${shownAddress(text)} cannot be read here; expected http, https, dav, davs, s3 or file, or an absolute path${scheme ? `, not ${scheme}` : ''}`
  throw sourceError('source_unsupported', message)
}

function parseHttp(text: string): HttpLocation {
  // dav is only osaka's name for http, and a URL parser normalizes hosts only of schemes that it knows
  const spelled = text.replace(/^dav/i, 'http')
  if (!/^https?:\/\/[^/]/i.test(spelled) || !URL.canParse(spelled)) {
    const message = `${shownAddress(text)} is not a URL; expected scheme://[user:password@]host[:port]/path, with / # ? @ in the password written as %2F %23 %3F %40`
    throw sourceError('source_unsupported', message)
  }
  const url = new URL(spelled)
  const { username, password } = url
  return { kind: 'http', url: bare(url), ...((username || password) && { authorization: basic(username, password) }) }
}

/** Returns a URL without its credentials, which are sent separately, and its fragment, which is not sent. */
export function bare(url: URL): URL {
  const copy = new URL(url)
  copy.username = ''
  copy.password = ''
  copy.hash = ''
  return copy
}

function filePath(text: string): string {
  // file://host/path is a file on another machine; osaka refuses it, too
  const [, path] = /^file:(?:\/\/)?(\/(?!\/).*)$/i.exec(text) ?? []
  if (path === undefined)
    throw sourceError('source_unsupported', `${shownAddress(text)} names no file; expected file:/// and an absolute path`)
  return path
}

/** osaka cuts a path at ? and #, and decodes nothing. */
const fileAt = (path: string): FileLocation => ({ kind: 'file', path: path.replace(/[?#].*$/s, '') })

const hasControl = (text: string) => [...text].some((character) => character < ' ' || character === '\x7f')
