/** Positions as HTTP counts them: `last` is inclusive, and may be beyond the end. */
export type Range = { first: number; last?: number } | { suffix: number }

/** Parses a Range header. Undefined for none, several, or one that makes no sense: such a header is ignored, and everything is sent. */
export function parseRange(header: string | undefined): Range | undefined {
  const [, first = '', last = ''] = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(header ?? '') ?? []
  if (first === '') return last === '' ? undefined : { suffix: Number(last) }
  if (last === '') return { first: Number(first) }
  return Number(last) < Number(first) ? undefined : { first: Number(first), last: Number(last) }
}

/** The bytes that a conditional request is compared with. The tag has its quotes. */
export type CurrentBytes = { etag: string; modified: Date }

type RequestHeaders = Record<string, string | string[] | undefined>

/** Whether the range applies: If-Range, if present, must match the bytes that the client has a part of. */
export function rangeApplies(headers: RequestHeaders, { etag, modified }: CurrentBytes): boolean {
  const condition = headers['if-range']
  if (typeof condition !== 'string') return true
  return condition.includes('"') ? condition === etag && !etag.startsWith('W/') : Date.parse(condition) === wholeSeconds(modified)
}

/** Returns the status, 304 or 412, of a condition that is not met; `current` is undefined if there are no bytes. */
export function unmetCondition(method: string, headers: RequestHeaders, current: CurrentBytes | undefined): 304 | 412 | undefined {
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

function names(header: string, current: CurrentBytes | undefined, equal: (one: string, other: string) => boolean): boolean {
  if (!current) return false
  return header.trim() === '*' || header.split(',').some((tag) => equal(tag.trim(), current.etag))
}

/** Undefined if the header is not a date. */
function laterThan({ modified }: CurrentBytes, header: string | string[] | undefined): boolean | undefined {
  const date = Date.parse(String(header ?? ''))
  return Number.isNaN(date) ? undefined : wholeSeconds(modified) > date
}

const wholeSeconds = (date: Date): number => Math.floor(date.getTime() / 1000) * 1000
