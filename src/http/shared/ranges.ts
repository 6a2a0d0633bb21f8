/** Positions as HTTP counts them: `last` is included, and may lie beyond the end. */
export type Range = { first: number; last?: number } | { suffix: number }

/**
 * What a Range header asks for. Undefined for none, for one that is not of bytes or makes no sense, and for several at once: such a
 * header is ignored, and the whole is sent.
 */
export function parseRange(header: string | undefined): Range | undefined {
  const [, first = '', last = ''] = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(header ?? '') ?? []
  if (first === '') return last === '' ? undefined : { suffix: Number(last) }
  if (last === '') return { first: Number(first) }
  return Number(last) < Number(first) ? undefined : { first: Number(first), last: Number(last) }
}

/** What is known of the bytes when a request is conditional. */
export interface Current {
  /** With its quotes. */
  etag: string
  modified: Date
}

type Headers = Record<string, string | string[] | undefined>

/** Whether the range may be used: If-Range names the bytes that the client has a part of. */
export function rangeApplies(headers: Headers, { etag, modified }: Current): boolean {
  const condition = headers['if-range']
  if (typeof condition !== 'string') return true
  return condition.includes('"') ? condition === etag && !etag.startsWith('W/') : Date.parse(condition) === wholeSeconds(modified)
}

/** 304 or 412 when a condition of the request says so, of bytes that are there or not. */
export function unmetCondition(method: string, headers: Headers, current: Current | undefined): 304 | 412 | undefined {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers
  const reads = method === 'GET' || method === 'HEAD'
  if (typeof match === 'string') {
    if (!names(match, current, strong)) return 412
  } else if (current && laterThan(current, headers['if-unmodified-since']) === true) return 412
  if (typeof noneMatch === 'string') return names(noneMatch, current, weak) ? (reads ? 304 : 412) : undefined
  return reads && current && laterThan(current, headers['if-modified-since']) === false ? 304 : undefined
}

const strong = (one: string, other: string) => one === other && !one.startsWith('W/')
const weak = (one: string, other: string) => one.replace(/^W\//, '') === other.replace(/^W\//, '')

function names(header: string, current: Current | undefined, equal: (one: string, other: string) => boolean): boolean {
  if (!current) return false
  return header.trim() === '*' || header.split(',').some((tag) => equal(tag.trim(), current.etag))
}

/** Undefined when the header holds no date. */
function laterThan({ modified }: Current, header: string | string[] | undefined): boolean | undefined {
  const date = Date.parse(String(header ?? ''))
  return Number.isNaN(date) ? undefined : wholeSeconds(modified) > date
}

const wholeSeconds = (date: Date): number => Math.floor(date.getTime() / 1000) * 1000
