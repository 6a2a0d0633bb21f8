import { normalize } from 'node:path/posix'

/** What the old Mozart is asked for. */
export interface LegacyTarget {
  /** As the old Mozart reads it: decoded byte by byte, without dots and doubled slashes. */
  path: string
  /** The same, encoded again, and the query: what is sent. */
  sent: string
}

/**
 * Reads the target of a request as a WSGI server does, which decodes `%2F` and all that is well encoded, cuts a fragment off, and may
 * resolve dots. Its result alone is judged and sent, so that no server behind us can read another path than the one that was judged.
 */
export function legacyTarget(url: string): LegacyTarget {
  const [whole = ''] = url.split('#', 1)
  const end = whole.indexOf('?')
  const [encoded, query] = end < 0 ? [whole, ''] : [whole.slice(0, end), whole.slice(end)]
  const decoded = encoded.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  const path = normalize(`/${decoded}`)
  return { path, sent: sentPath(path) + query }
}

/** A lone % stays as it is, unless it would now begin an encoded byte. */
const sentPath = (path: string): string =>
  path.replace(/%(?=[0-9a-f]{2})/gi, '%25').replace(/[^\w\-.~!$&'()*+,;=:@/%]/g, (byte) => {
    return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  })

/** The paths of ours that the old Mozart may take a path for: the path, and what it cuts X-Script-Name off from, wherever that ends. */
export function readingsOf({ path }: LegacyTarget, script: string): string[] {
  const rest = script !== '' && path.startsWith(script) ? [normalize(`/${path.slice(script.length)}`)] : []
  return [path, ...rest].flatMap((reading) => [reading, reading.replace(/(?<=.)\/$/, '')])
}
