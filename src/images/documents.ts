import type { ImageLimits } from './limits.ts'
import type { Member } from './members.ts'
import { type Problem, quoted } from './problems.ts'

export type JsonObject = { readonly [name: string]: unknown }

export type Parsed = { value: unknown; problem?: undefined } | { problem: Problem }

/** The JSON in a member, bounded in size and depth before it is parsed. */
export function parseDocument(member: Member, limits: ImageLimits): Parsed {
  const fail = (code: Problem['code'], message: string): Parsed => ({
    problem: { code, message: `${quoted(member.name)} ${message}`, fatal: true }
  })
  if (member.ambiguous) return fail('member_ambiguous', 'stands in the archive more than once, with different contents')
  if (member.text === undefined) {
    if (member.content === 'json') return fail('json_too_large', `has ${member.size} bytes, more JSON than is read`)
    return fail('json_invalid', 'is no JSON')
  }
  if (depthOf(member.text) > limits.documentDepth) return fail('json_too_deep', `is nested deeper than ${limits.documentDepth}`)
  try {
    return { value: JSON.parse(member.text) as unknown }
  } catch {
    return fail('json_invalid', 'is no valid JSON')
  }
}

function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x22) {
      for (i++; i < text.length && text.charCodeAt(i) !== 0x22; i++) if (text.charCodeAt(i) === 0x5c) i++
    } else if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, ++depth)
    else if (code === 0x7d || code === 0x5d) depth--
  }
  return deepest
}

/** What stands under a name, when it has the form that is expected; whoever wrote the document may have put anything there. */
export const asObject = (value: unknown): JsonObject | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined

export const asArray = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

export const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

export const asTexts = (value: unknown): string[] => asArray(value).filter((item) => typeof item === 'string')

export const asSize = (value: unknown): number | undefined => (Number.isSafeInteger(value) ? (value as number) : undefined)

/** The members of an object that are strings. */
export const asTextMap = (value: unknown): Map<string, string> =>
  new Map(Object.entries(asObject(value) ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
