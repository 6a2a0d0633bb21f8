/** Parameters by name; the first of duplicates. It has no prototype, so any name is safe. */
export type TextFields = Record<string, string | undefined>

/**
 * Parses `a=1&b=2` as Werkzeug 2.3 does, for queries and form bodies: `+` is a space, percent-encoded UTF-8 is decoded, bytes that are not
 * UTF-8 stay percent-encoded, nothing is trimmed. The text has one character per byte (latin1), like the URLs that Node gives.
 */
export function parseUrlEncoded(text: string): TextFields {
  const fields: TextFields = Object.create(null)
  for (let start = 0; start < text.length; ) {
    const next = text.indexOf('&', start)
    const end = next === -1 ? text.length : next
    if (end > start) addPair(fields, text.slice(start, end))
    start = end + 1
  }
  return fields
}

function addPair(fields: TextFields, pair: string): void {
  const equals = pair.indexOf('=')
  const name = decode(equals === -1 ? pair : pair.slice(0, equals))
  if (fields[name] === undefined) fields[name] = equals === -1 ? '' : decode(pair.slice(equals + 1))
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII needs no decoding
const plain = /^[\x00-\x24\x26-\x2a\x2c-\x7f]*$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: the same, where escapes are allowed
const ascii = /^[\x00-\x7f]*$/

function decode(text: string): string {
  if (plain.test(text)) return text
  const spaced = text.replaceAll('+', ' ')
  if (ascii.test(spaced)) {
    try {
      return decodeURIComponent(spaced)
    } catch {
      // a lone % or bytes that are not UTF-8: byte by byte, below
    }
  }
  const bytes = unescapeBytes(spaced)
  return tryDecode(bytes) ?? decodeLeniently(bytes)
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function unescapeBytes(text: string): Buffer {
  const bytes = Buffer.allocUnsafe(text.length)
  let length = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    const byte = code === 0x25 ? hexByte(text, i + 1) : undefined
    if (byte !== undefined) i += 2
    bytes[length++] = byte ?? code
  }
  return bytes.subarray(0, length)
}

function hexByte(text: string, at: number): number | undefined {
  const digits = text.slice(at, at + 2)
  return /^[0-9a-fA-F]{2}$/.test(digits) ? Number.parseInt(digits, 16) : undefined
}

/** UTF-8 where it is valid, `%FF` for each byte where it is not. */
function decodeLeniently(bytes: Buffer): string {
  const parts: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at)
    const valid = length === 0 ? undefined : tryDecode(bytes.subarray(at, at + length))
    parts.push(valid ?? `%${bytes[at]!.toString(16).toUpperCase().padStart(2, '0')}`)
    at += valid === undefined ? 1 : length
  }
  return parts.join('')
}

function tryDecode(bytes: Buffer): string | undefined {
  try {
    return strict.decode(bytes)
  } catch {
    return undefined
  }
}

function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at]!
  if (first < 0x80) return 1
  if (first >= 0xc2 && first <= 0xdf) return 2
  if (first >= 0xe0 && first <= 0xef) return 3
  return first >= 0xf0 && first <= 0xf4 ? 4 : 0
}
