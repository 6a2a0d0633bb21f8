/*
 * JSON as text. JSON.parse loses what HySDS must get back: digits (12345678901234567, 1.0), the order of integer-like keys,
 * and which of two equal keys won. So documents travel as text, and only what we look at is parsed.
 */

import { maxDepth } from './json-bounds.ts'

/** Not JSON. The message is the one of Python's json module, which HySDS people know: `Expecting value: line 1 column 1 (char 0)`. */
export class JsonError extends Error {
  constructor(problem: string, text: string, at: number) {
    const { line, column, character } = placeOf(text, at)
    super(`${problem}: line ${line} column ${column} (char ${character})`)
    this.name = 'JsonError'
  }
}

/** Counts as Python does: a pair of surrogates is one character. In one pass, as the text may be large. */
function placeOf(text: string, at: number): { line: number; column: number; character: number } {
  let line = 1
  let character = 0
  let lineStart = 0
  for (let i = 0; i < at; i++) {
    const code = text.codePointAt(i)!
    if (code > 0xffff && i + 1 < at) i++
    character++
    if (code !== 0x0a) continue
    line++
    lineStart = character
  }
  return { line, column: character - lineStart + 1, character }
}

export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null'

export interface Json {
  kind: JsonKind
  /** The value as Python's `json.dumps` writes it: `", "` and `": "`, ASCII only. Numbers keep their digits. Made when first read. */
  readonly text: string
  /** Of an object: the text of each member, in order; of duplicate keys the last value at the first one's place. */
  members: Map<string, string>
  /** Of an object: keys that occur twice with different values. */
  contradicted: ReadonlySet<string>
}

/** Reads JSON strictly (no NaN, no Infinity), losing nothing. Throws JsonError. */
export function readJson(source: string): Json {
  const reader: Reader = { source, at: 0, contradicted: new Set() }
  skipSpace(reader)
  const kind = kinds[source[reader.at] ?? ''] ?? 'number'
  const members = new Map<string, string>()
  const text = kind === 'object' ? readMembers(reader, 1, members) : readValue(reader, 0)
  skipSpace(reader)
  if (reader.at !== source.length) throw new JsonError('Extra data', source, reader.at)
  return {
    kind,
    get text() {
      return text ?? pythonObject(members)
    },
    members,
    contradicted: reader.contradicted
  }
}

/** Returns a JSON text in Python's style. */
export const pythonStyle = (source: string): string => (flatPythonStyle.test(source) ? source : readJson(source).text)

/** Returns the same; a text that cannot be read is returned unchanged. */
export const inPythonStyle = (source: string): string =>
  flatPythonStyle.test(source) ? source : (readJsonLeniently(source)?.text ?? source)

/** Reads JSON as readJson does; returns undefined for a text that cannot be read. */
export function readJsonLeniently(source: string): Json | undefined {
  try {
    return readJson(source)
  } catch (error) {
    if (error instanceof JsonError) return undefined
    throw error
  }
}

/** Matches a flat object in Python's style, as Mozart and we write most containers. \uXXXX is left to the reader. */
const flatPythonStyle =
  /^\{(?:"(?:[ !#-[\]-~]|\\["\\bfnrt])*": (?:"(?:[ !#-[\]-~]|\\["\\bfnrt])*"|-?(?:0|[1-9]\d*)(?:\.\d+)?|true|false|null)(?:, (?=")|(?=\})))*\}$/

/** Writes a string as `json.dumps` does: everything beyond ASCII as \uXXXX. */
export function pythonString(value: string): string {
  return JSON.stringify(value).replace(/[\x7f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Writes an object as `json.dumps` does, from members that are JSON text already. */
export function pythonObject(members: Iterable<readonly [string, string]>): string {
  return `{${[...members].map(([key, text]) => `${pythonString(key)}: ${text}`).join(', ')}}`
}

/** Returns the string that a JSON text encodes; undefined when it encodes anything else. */
export function stringOf(text: string | undefined): string | undefined {
  return text?.startsWith('"') ? (JSON.parse(text) as string) : undefined
}

interface Reader {
  source: string
  at: number
  contradicted: Set<string>
}

const space = /[ \t\n\r]*/y
const plainString = /"[ !#-[\]-~]*"/y
const numberToken = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y

function skipSpace(reader: Reader): void {
  const code = reader.source.charCodeAt(reader.at)
  if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
  space.lastIndex = reader.at
  space.test(reader.source)
  reader.at = space.lastIndex
}

function readValue(reader: Reader, depth: number): string {
  const { source, at } = reader
  switch (source[at]) {
    case '"':
      return readString(reader)
    case '{':
      return readObject(reader, depth + 1)
    case '[':
      return readArray(reader, depth + 1)
  }
  for (const word of ['null', 'true', 'false']) {
    if (source.startsWith(word, at)) {
      reader.at += word.length
      return word
    }
  }
  for (const word of ['NaN', 'Infinity', '-Infinity']) {
    if (source.startsWith(word, at)) throw new JsonError(`${word} is not JSON`, source, at)
  }
  numberToken.lastIndex = at
  if (!numberToken.test(source)) throw new JsonError('Expecting value', source, at)
  reader.at = numberToken.lastIndex
  return source.slice(at, reader.at)
}

function readObject(reader: Reader, depth: number): string {
  const members = new Map<string, string>()
  readMembers(reader, depth, members)
  return pythonObject(members)
}

function readMembers(reader: Reader, depth: number, members: Map<string, string>): undefined {
  const { source } = reader
  if (depth > maxDepth) throw new JsonError(`Nested deeper than ${maxDepth} levels`, source, reader.at)
  reader.at++
  skipSpace(reader)
  if (source[reader.at] === '}') {
    reader.at++
    return
  }
  for (;;) {
    if (source[reader.at] !== '"') throw new JsonError('Expecting property name enclosed in double quotes', source, reader.at)
    const key = JSON.parse(readString(reader)) as string
    skipSpace(reader)
    if (source[reader.at] !== ':') throw new JsonError("Expecting ':' delimiter", source, reader.at)
    reader.at++
    skipSpace(reader)
    const value = readValue(reader, depth)
    if (depth === 1 && (members.get(key) ?? value) !== value) reader.contradicted.add(key)
    members.set(key, value)
    skipSpace(reader)
    const end = source[reader.at]
    if (end !== '}' && end !== ',') throw new JsonError("Expecting ',' delimiter", source, reader.at)
    reader.at++
    if (end === '}') return
    skipSpace(reader)
  }
}

function readArray(reader: Reader, depth: number): string {
  const { source } = reader
  if (depth > maxDepth) throw new JsonError(`Nested deeper than ${maxDepth} levels`, source, reader.at)
  reader.at++
  skipSpace(reader)
  if (source[reader.at] === ']') {
    reader.at++
    return '[]'
  }
  const items: string[] = []
  for (;;) {
    items.push(readValue(reader, depth))
    skipSpace(reader)
    const end = source[reader.at]
    if (end !== ']' && end !== ',') throw new JsonError("Expecting ',' delimiter", source, reader.at)
    reader.at++
    if (end === ']') return `[${items.join(', ')}]`
    skipSpace(reader)
  }
}

function readString(reader: Reader): string {
  const { source, at: start } = reader
  plainString.lastIndex = start
  if (plainString.test(source)) {
    reader.at = plainString.lastIndex
    return source.slice(start, reader.at)
  }
  for (let at = start + 1; at < source.length; at++) {
    const code = source.charCodeAt(at)
    if (code === 0x22) {
      reader.at = at + 1
      return pythonString(JSON.parse(source.slice(start, at + 1)) as string)
    }
    if (code < 0x20) throw new JsonError('Invalid control character at', source, at)
    if (code === 0x5c) at += escapeLength(source, at) - 1
  }
  throw new JsonError('Unterminated string starting at', source, start)
}

function escapeLength(source: string, at: number): number {
  const next = source[at + 1]
  if (next === undefined || '"\\/bfnrt'.includes(next)) return 2
  if (next !== 'u') throw new JsonError('Invalid \\escape', source, at)
  if (!/^[0-9a-fA-F]{4}$/.test(source.slice(at + 2, at + 6))) throw new JsonError('Invalid \\uXXXX escape', source, at + 1)
  return 6
}

const kinds: { [first: string]: JsonKind } = { '{': 'object', '[': 'array', '"': 'string', t: 'boolean', f: 'boolean', n: 'null' }
