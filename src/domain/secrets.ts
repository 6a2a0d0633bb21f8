/*
 * Finds the secrets in URLs: `user:password@`, and the values of parameters that sign a URL or let its bearer in. The texts are foreign and
 * may be megabytes long, so every pattern takes time in proportion to the length: what it repeats cannot run over its own beginning.
 */

const userinfo: readonly (readonly [RegExp, string])[] = [
  // a URL and nothing else: quotes belong to it
  [/^([a-z][a-z\d+.-]*:)[/\\]{2,}[^\s/\\?#]*@/i, '$1//***@'],
  [/^([a-z][a-z\d+.-]*:\/\/)[^\s/?#@:]*:(?!\d+(?:[/?#]|$))[^\s@]*@(?:[^\s/?#]*@)?(?=\S*$)/i, '$1***@'],
  // s3://user:secret@host, up to the last @: a secret may hold one
  [/:[/\\]{2,}[^\s/\\"'?#]*(?:@|%(?:25)*40)/g, '://***@'],
  // http:user:secret@host and http:/user:secret@host, which browsers and Node read as http://…; //user:secret@host
  [/\b(https?|wss?|ftp):[/\\]?[^\s/\\"'?#@:]{1,256}:[^\s/\\"'?#:]{1,256}@/gi, '$1://***@'],
  [/(^|[\s"'=(])[/\\]{2,}[^\s/\\"'?#@:]*:[^\s/\\"'?#]*@/g, '$1//***@'],
  // s3://AKIA:se/cret@host, s3://my user:my secret@host, with slashes and blanks as they are: the colon is not followed by a port or a
  // blank, nor is it, after a blank, another URL's. It ends before another `://`, or a text of many would be read from each of them to
  // its end
  [/:\/\/(?:[^\s/"'@?#:]*:|[^/"'@?#:\r\n]*:(?!\/\/))(?!\s|\d+(?:[/"'\s?#]|$))(?:(?!:\/\/)[^"'@\r\n])*@(?:[^\s/"'?#]*@)?/g, '://***@'],
  // the same inside a query string, however often it was encoded
  [/%(?:25)*3A(?:%(?:25)*(?:2F|5C)){2,}(?:(?!%(?:25)*(?:2F|3F|23|5C))[^\s"'@&])*%(?:25)*40/gi, '%3A%2F%2F***%40'],
  [
    /%(?:25)*3A%(?:25)*2F%(?:25)*2F(?:(?!%(?:25)*(?:2F|3A|3F|23))[^\s"'@&])*%(?:25)*3A(?!\d+(?:%|[\s"'&]|$))(?:(?!%(?:25)*3A%(?:25)*2F%)[^\s"'@&])*%(?:25)*40/gi,
    '%3A%2F%2F***%40'
  ],
  [
    /(https?|wss?|ftp)%(?:25)*3A(?:%(?:25)*(?:2F|5C))?(?:(?!%(?:25)*(?:2F|3A|3F|23|5C))[^\s"'@&]){1,256}%(?:25)*3A(?:(?!%(?:25)*(?:2F|3A|3F|23|5C))[^\s"'@&]){1,256}%(?:25)*40/gi,
    '$1%3A%2F%2F***%40'
  ]
]

/** Our own tokens, wherever they stand. */
const ownToken = /lep_[0-9A-Za-z]{16,}/g

/** Letters of names that are secret whatever stands before them; `apikey` is `api-key`, `API_KEY`, … */
const secretNames =
  /token|secret|passw|passphrase|signature|credential|apikey|accesskey|privatekey|oauth|jwt|hmac|^(?:xamz|xgoog|xoss|xcos|sig$)|keypairid|googleaccessid/
/** Names that are secret in a URL, and everyday words elsewhere. */
const secretParameters =
  /^(?:auth|authkey|authcode|authorization|bearer|code|cookie|key|otp|pass|passcode|pin|policy|pw|pwd|sas|session|sessionid|sid|sign|sv|ticket)$/

const separators = /=|%(?:25)*3D/gi
/** The end of a name and what stands before it, in a text that is decoded. */
const lastName = /(^|[^\w.~[\]-])([\w.~[\]-]+)$/
const longestName = 80

/** Ends of a value: in a text, where a quote ends it; in a URL alone; in a URL that was encoded once, twice, … inside another one. */
const valueInText = /(?:[^&\s"'#;\\]|;(?![\s"']|$)|\\(?!["']))*/y
const valueInUrl = /[^&\s#]*/y
const encodedValues = [0, 1, 2, 3].map((times) => new RegExp(`(?:(?!%(?:25){0,${times}}(?:26|23))[^&\\s"'#;\\\\])*`, 'iy'))

/** A URL and nothing else. */
const isUrl = /^[a-z][a-z\d+.-]*:[/\\]{2}\S*$/i

/** Whether a look tells that a text cannot hold a secret; most cannot. */
const cannotHold = (text: string): boolean => !/[=@%]|lep_/.test(text)

/** Masks the secrets that URLs carry, everywhere but in the stored document, by which a worker pulls. */
export function maskSecrets(text: string): string {
  if (cannotHold(text)) return text
  let masked = text
  if (/@|%(?:25)*40/.test(text)) for (const [pattern, replacement] of userinfo) masked = masked.replace(pattern, replacement)
  return maskValues(masked).replace(ownToken, 'lep_***')
}

function maskValues(text: string): string {
  const plainValue = isUrl.test(text) ? valueInUrl : valueInText
  let masked = ''
  let copied = 0
  let lastEnd = 0
  separators.lastIndex = 0
  for (let found = separators.exec(text); found; found = separators.exec(text)) {
    const end = separators.lastIndex
    const before = text.slice(Math.max(lastEnd, found.index - longestName), found.index)
    lastEnd = end
    if (!isSecretName(before)) continue
    const value = found[0] === '=' ? plainValue : encodedValues[Math.min((found[0].length - 3) / 2, encodedValues.length - 1)]!
    value.lastIndex = end
    value.test(text)
    separators.lastIndex = lastEnd = Math.max(value.lastIndex, end)
    if (value.lastIndex <= end) continue
    masked += `${text.slice(copied, end)}***`
    copied = value.lastIndex
  }
  return copied === 0 ? text : masked + text.slice(copied)
}

/** Whether the text before an equals sign ends with the name of a secret. */
function isSecretName(before: string): boolean {
  if (before.length < 2) return false
  const [, delimiter = '', name = ''] = lastName.exec(decoded(before)) ?? []
  const letters = name.toLowerCase().replace(/[^a-z\d]/g, '')
  if (secretNames.test(letters)) return true
  return /[?&#;]/.test(delimiter) && (secretParameters.test(letters) || secretParameters.test(/[a-z\d]*$/i.exec(name)![0].toLowerCase()))
}

/** Undoes percent-encoding of ASCII, also that of a URL inside another's parameter. */
function decoded(text: string): string {
  let plain = text
  for (let times = 0; times < 4 && plain.includes('%'); times++) {
    plain = plain.replace(/%([0-7][\da-f])/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
  }
  return plain
}

const mask = /(?:[/\\]{2}|2F)\*\*\*(?:@|%(?:25)*40)|(?:=|%(?:25)*3D)\*\*\*(?=$|[&#;\s]|%(?:25)*2[36])|lep_\*\*\*/i

/** Whether a URL was masked: a client that read it in a view sends it back. */
export const isMasked = (url: string): boolean => mask.test(url)

/** Longer than any real secret. */
const longestSecret = 1024

/** Returns the start of a text without secrets. It is masked before it is cut, as half a secret is not recognized as one. */
export const maskedStart = (text: string, length: number): string => maskSecrets(text.slice(0, length + longestSecret)).slice(0, length)

/** Strings of a JSON text, each with the colon that makes it a name; one without an end is read once, to the end of the text. */
const jsonStrings = /"[^"\\]*(?:\\.[^"\\]*)*(?:"([ \t\r\n]*:)?)?/gs
/** Names of members that other requests need as they are. */
const identifiers = new Set(['id', 'ids', 'container', 'next', 'cursor', 'resume', 'revision'])

/**
 * Masks the secrets in the strings of a JSON text, also of JSON in a string as `urls` is; all else, the digits of numbers included, is left
 * as it was written. Ids and cursors are left alone, as they could not be sent back.
 */
export function maskJson(text: string, nested = 0): string {
  if (cannotHold(text) && !text.includes('\\u00')) return text
  let name = ''
  return text.replace(jsonStrings, (literal: string, colon: string | undefined) => {
    if (colon !== undefined) {
      name = literal.slice(1, -1 - colon.length)
      return maskedLiteral(literal.slice(0, -colon.length), 3) + colon
    }
    return nested === 0 && identifiers.has(name) ? literal : maskedLiteral(literal, nested)
  })
}

function maskedLiteral(literal: string, nested: number): string {
  if (cannotHold(literal) && !literal.includes('\\u00')) return literal
  const value = parsed(literal)
  if (value === undefined) return maskSecrets(literal)
  const inner = nested < 3 && /^\s*[{["]/.test(value) ? maskJson(value, nested + 1) : value
  const masked = maskSecrets(inner)
  return masked === value ? literal : JSON.stringify(masked)
}

function parsed(literal: string): string | undefined {
  try {
    return JSON.parse(literal) as string
  } catch {
    return undefined
  }
}
