import type { GoType } from './go-types.ts'
import { isDocumentRefusal, parseAsGo } from './json.ts'
import type { ImageLimits } from './limits.ts'
import type { Member } from './members.ts'
import { fatal, type Problem, type ProblemCode, quoted } from './problems.ts'

export type Parsed<T> = { value: T; problem?: undefined } | { problem: Problem }

/** Parses a member as Go's decoder does, within limits. `wrongType` is the problem's code for a value of an unexpected type. */
export function parseDocument<T>(
  member: Member,
  { type, limits, wrongType }: { type: GoType<T>; limits: ImageLimits; wrongType: ProblemCode }
): Parsed<T> {
  const fail = (code: ProblemCode, message: string): Parsed<T> => ({ problem: fatal(code, `${quoted(member.name)} ${message}`) })
  if (member.ambiguous) return fail('member_ambiguous', 'is in the archive more than once, with different contents')
  if (member.text === undefined) {
    if (member.content !== 'json') return fail('json_invalid', 'is not JSON')
    return fail('json_too_large', `has ${member.size} bytes of JSON, more than the limit`)
  }
  try {
    return { value: type(parseAsGo(member.text, { depth: limits.documentDepth }), '') }
  } catch (error) {
    if (!isDocumentRefusal(error)) throw error
    return fail(error.code === 'json_type' ? wrongType : error.code, error.message)
  }
}
