import { stringEnd } from '../domain/json/json-scan.ts'

/* Parses JSON, and keeps repeated members and the spelling of numbers: both matter to Go's decoder, and JSON.parse drops them. */

export type JsonNode = null | boolean | string | JsonNumber | JsonList | JsonObject

export interface JsonNumber {
  /** The number as it is written. */
  number: string
}

export type JsonList = readonly JsonNode[]

export interface JsonObject {
  /** Names and values in order; a name may occur several times. */
  members: readonly (readonly [string, JsonNode])[]
}

/** What is wrong with a document; `json_type`: a value has another type than image loaders expect. */
export type DocumentRefusal = Error & { code: 'json_invalid' | 'json_too_deep' | 'json_ambiguous' | 'json_type' }

export const isDocumentRefusal = (error: unknown): error is DocumentRefusal =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('json_')

export const documentRefusal = (code: DocumentRefusal['code'], message: string): DocumentRefusal =>
  Object.assign(new Error(message), { code })

interface JsonText {
  text: string
  at: number
  deepest: number
}

/** Throws a DocumentRefusal. */
export function parseAsGo(text: string, { depth }: { depth: number }): JsonNode {
  const source: JsonText = { text, at: 0, deepest: depth }
  const value = valueAt(source, 1)
  if (nextIn(source) !== '') throw unexpected(source)
  return value
}

const unexpected = ({ text, at }: JsonText) =>
  documentRefusal('json_invalid', at >= text.length ? 'is incomplete JSON' : `is not valid JSON (at character ${at})`)

/** Skips white space and returns the next character; '' at the end. */
function nextIn(source: JsonText): string {
  while (' \t\r\n'.includes(source.text[source.at] ?? '!')) source.at++
  return source.text[source.at] ?? ''
}

function valueAt(source: JsonText, depth: number): JsonNode {
  const first = nextIn(source)
  if (first === '{' || first === '[') {
    if (depth > source.deepest) throw documentRefusal('json_too_deep', `is nested deeper than ${source.deepest}`)
    source.at++
    return first === '{' ? objectAt(source, depth) : listAt(source, depth)
  }
  if (first === '"') return stringAt(source)
  return wordAt(source)
}

function objectAt(source: JsonText, depth: number): JsonObject {
  const members: [string, JsonNode][] = []
  if (taken(source, '}')) return { members }
  do {
    if (nextIn(source) !== '"') throw unexpected(source)
    const name = stringAt(source)
    if (!taken(source, ':')) throw unexpected(source)
    members.push([name, valueAt(source, depth + 1)])
  } while (taken(source, ','))
  if (!taken(source, '}')) throw unexpected(source)
  return { members }
}

function listAt(source: JsonText, depth: number): JsonList {
  const items: JsonNode[] = []
  if (taken(source, ']')) return items
  do items.push(valueAt(source, depth + 1))
  while (taken(source, ','))
  if (!taken(source, ']')) throw unexpected(source)
  return items
}

function taken(source: JsonText, character: string): boolean {
  if (nextIn(source) !== character) return false
  source.at++
  return true
}

/** As in Go, half a surrogate pair becomes U+FFFD. */
function stringAt(source: JsonText): string {
  const { text, at } = source
  const end = stringEnd(text, at)
  try {
    const value = JSON.parse(text.slice(at, end)) as string
    source.at = end
    return Buffer.from(value).toString()
  } catch {
    throw unexpected({ ...source, at: end === text.length ? end : at })
  }
}

const words = { true: true, false: false, null: null } as const
const wordOrNumber = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y

function wordAt(source: JsonText): JsonNode {
  wordOrNumber.lastIndex = source.at
  const [word] = wordOrNumber.exec(source.text) ?? []
  if (word === undefined) throw unexpected(source)
  source.at += word.length
  return word in words ? words[word as keyof typeof words] : { number: word }
}
